/** Advice on the names of metrics, in the words of promtool (`promlint`). */
import type { ExpositionFormat } from './exposition.ts';
import type { LintedFamily } from './lint.ts';

const CAMEL_CASE = /[a-z][A-Z]/;
const BASE_UNITS = new Map(
  Object.entries({
    amperes: 'amperes volts bytes celsius grams joules kelvin meters metres seconds',
    seconds: 'minutes hours days weeks',
    kelvin: 'kelvins',
    celsius: 'fahrenheit rankine',
    meters: 'inches yards miles',
    bytes: 'bits',
    joules: 'calories',
    grams: 'pounds ounces',
  }).flatMap(([base, units], i) => units.split(' ').map((unit) => [unit, i === 0 ? unit : base] as const)),
);
const PREFIX = /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi)/;
const ABBREVIATIONS = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd'];

/** One sentence for each finding, without the family's name. */
export function metricAdvice(family: LintedFamily, format: ExpositionFormat): string[] {
  const { name, type, help, metrics } = family;
  const advice: string[] = [];
  if (help === undefined || help === '') advice.push('no help text');
  const unit = unitOf(name);
  if (unit !== undefined && unit[0] !== unit[1]) advice.push(`use base unit "${unit[1]}" instead of "${unit[0]}"`);
  if (type !== 'unknown') advice.push(...typeAdvice(family, format));
  if (name.includes(':')) advice.push("metric names should not contain ':'");
  if (CAMEL_CASE.test(name)) advice.push("metric names should be written in 'snake_case' not 'camelCase'");
  for (const labels of metrics) {
    for (const label of labels) {
      if (CAMEL_CASE.test(label)) advice.push("label names should be written in 'snake_case' not 'camelCase'");
    }
  }
  for (const abbreviation of ABBREVIATIONS) {
    if (hasWord(name, abbreviation)) advice.push('metric names should not contain abbreviated units');
  }
  if (family.repeated) advice.push('metric not unique');
  return advice;
}

function typeAdvice({ name, type, metrics }: LintedFamily, format: ExpositionFormat): string[] {
  const advice: string[] = [];
  // An OpenMetrics family has its counters' suffix in the series only.
  if (type === 'counter' && !name.endsWith('_total') && format === 'text') {
    advice.push('counter metrics should have "_total" suffix');
  }
  if (type !== 'counter' && name.endsWith('_total')) advice.push('non-counter metrics should not have "_total" suffix');
  if (type !== 'gauge' && name.endsWith('_timestamp_seconds')) {
    advice.push('non-gauge metrics should not have "_timestamp_seconds" suffix');
  }
  const histogram = type === 'histogram' || type === 'gaugehistogram';
  if (!histogram && name.endsWith('_bucket')) advice.push('non-histogram metrics should not have "_bucket" suffix');
  for (const suffix of ['_count', '_sum']) {
    if (!histogram && type !== 'summary' && name.endsWith(suffix)) {
      advice.push(`non-histogram and non-summary metrics should not have "${suffix}" suffix`);
    }
  }
  for (const labels of metrics) {
    if (!histogram && labels.includes('le')) advice.push('non-histogram metrics should not have "le" label');
    if (type !== 'summary' && labels.includes('quantile')) {
      advice.push('non-summary metrics should not have "quantile" label');
    }
  }
  if (hasWord(name, type)) advice.push(`metric name should not include type '${type}'`);
  return advice;
}

/** The unit that the name has, and its base unit. */
function unitOf(name: string): readonly [string, string] | undefined {
  for (const word of name.split('_')) {
    const base = BASE_UNITS.get(word) ?? BASE_UNITS.get(word.replace(PREFIX, ''));
    if (base !== undefined) return [word, base];
  }
  return undefined;
}

/** Whether `_word` ends the name or another word follows. */
function hasWord(name: string, word: string): boolean {
  const lower = name.toLowerCase();
  return lower.includes(`_${word}_`) || lower.endsWith(`_${word}`);
}
