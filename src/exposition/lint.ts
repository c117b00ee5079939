/** What is wrong with a body of metrics, and what Prometheus' naming conventions advise against: `promtool check metrics`. */
import type { Problem } from '../config/problem.ts';
import { compareBytes } from '../labels/compare.ts';
import type { Labels } from '../labels/labels.ts';
import type { MetricType } from './exemplar.ts';
import { ExpositionError, type ExpositionFormat, type ExpositionSink, parseExposition } from './exposition.ts';
import { metricAdvice } from './lint-rules.ts';

/** A metric family as the rules see it. */
export interface LintedFamily {
  readonly name: string;
  type: MetricType;
  help: string | undefined;
  /** Label names of each metric; a histogram's or summary's series are one metric. */
  readonly metrics: (readonly string[])[];
  repeated: boolean;
  /** A histogram's or summary's each count. */
  series: number;
}

export interface ExpositionReport {
  readonly problems: Problem[];
  /** By family, the largest first; empty where the body is refused. */
  readonly cardinality: readonly { readonly family: string; readonly series: number }[];
}

/**
 * A body that Prometheus would not scrape gives one error with its place, taken as OpenMetrics where its last line is `# EOF` and as text
 * otherwise. Advice comes as warnings, in the order of the families' names, placed at each family's first line.
 */
export function lintExposition(bytes: Uint8Array, file: string): Problem[] {
  return inspectExposition(bytes, file).problems;
}

/** As `lintExposition`, and of how many series the body is. */
export function inspectExposition(bytes: Uint8Array, file: string): ExpositionReport {
  const format = formatOf(bytes);
  const collector = new Collector(format);
  try {
    parseExposition(format, bytes, collector);
  } catch (error) {
    if (error instanceof ExpositionError) {
      const { line, column, message } = error;
      return { problems: [{ file, line, column, message, severity: 'error' }], cardinality: [] };
    }
    if (!(error instanceof RefusedSeries)) throw error;
    const line = firstLine(bytes, error.metricName);
    return { problems: [{ file, line, column: 1, message: error.message, severity: 'error' }], cardinality: [] };
  }
  const problems: Problem[] = [];
  const families = [...collector.families.values()].filter((family) => family.metrics.length > 0);
  for (const family of families.sort((a, b) => compareBytes(a.name, b.name))) {
    const line = firstLine(bytes, family.name);
    for (const advice of metricAdvice(family, format).sort(compareBytes)) {
      problems.push({ file, line, column: 1, message: `${family.name} ${advice}`, severity: 'warning' });
    }
  }
  const cardinality = families
    .map(({ name, series }) => ({ family: name, series }))
    .sort((a, b) => b.series - a.series || compareBytes(a.family, b.family));
  return { problems, cardinality };
}

/**
 * The format that a body without a Content-Type is taken to have: OpenMetrics where `# EOF` begins the last line that is not blank. What
 * follows it there is at fault, as in no text format would anybody end with such a comment.
 */
export function formatOf(bytes: Uint8Array): ExpositionFormat {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1]! <= 0x20) end--;
  const lastLine = bytes.subarray(0, end).lastIndexOf(0x0a) + 1;
  const start = Buffer.from(bytes.buffer, bytes.byteOffset + lastLine, Math.min(5, end - lastLine)).toString('latin1');
  return start === '# EOF' ? 'openmetrics' : 'text';
}

/** A series that no scrape would store. */
class RefusedSeries extends Error {
  readonly metricName: string;

  constructor(message: string, metricName: string) {
    super(message);
    this.metricName = metricName;
  }
}

class Collector implements ExpositionSink {
  readonly families = new Map<string, LintedFamily>();
  readonly #format: ExpositionFormat;
  readonly #seen = new Set<string>();

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  series(labels: Labels, duplicateLabel: string | undefined): number {
    const name = labels.metricName;
    if (name === '') throw new RefusedSeries('missing metric name (__name__ label)', '');
    if (duplicateLabel !== undefined) {
      throw new RefusedSeries(`label name "${duplicateLabel}" is not unique: invalid sample`, name);
    }
    const family = this.#familyOf(name);
    const part = family.type === 'histogram' ? 'le' : family.type === 'summary' ? 'quantile' : undefined;
    const own = labels.withoutMetricName().filter((label) => label !== part);
    const metric = `${family.name} ${own.key}`;
    if (part === undefined || !this.#seen.has(metric)) family.metrics.push(own.names);
    if (this.#seen.has(labels.key)) family.repeated = true;
    family.series++;
    this.#seen.add(metric).add(labels.key);
    return 0;
  }

  sample(): void {}

  histogram(): void {}

  exemplar(): void {}

  metadata(name: string, part: 'type' | 'help' | 'unit', text: string): void {
    const family = this.#family(name);
    if (part === 'type') family.type = text as MetricType;
    else if (part === 'help') family.help = text;
  }

  #familyOf(series: string): LintedFamily {
    const known = this.families.get(series);
    if (known !== undefined) return known;
    const [, stem, suffix] = /^(.+)_(bucket|count|sum|total|created|info|gcount|gsum)$/s.exec(series) ?? [];
    const base = stem === undefined ? undefined : this.families.get(stem);
    const text = this.#format === 'text';
    if (base?.type === 'histogram' && /^(bucket|count|sum)$/.test(suffix!)) return base;
    if (base?.type === 'summary' && /^(count|sum)$/.test(suffix!)) return base;
    if (!text && base !== undefined) return base;
    return this.#family(series);
  }

  #family(name: string): LintedFamily {
    const known = this.families.get(name);
    if (known !== undefined) return known;
    const family: LintedFamily = { name, type: 'unknown', help: undefined, metrics: [], repeated: false, series: 0 };
    this.families.set(name, family);
    return family;
  }
}

/** The first line of the family; 1 where none is found. */
function firstLine(bytes: Uint8Array, name: string): number {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\n');
  const pattern = /^(?:#[ \t]+(?:HELP|TYPE|UNIT)[ \t]+)?[ \t]*"?([a-zA-Z_:][a-zA-Z0-9_:]*)/;
  const at = lines.findIndex((line) => {
    const found = pattern.exec(line)?.[1];
    if (found === undefined || !found.startsWith(name)) return false;
    return /^(?:_(?:bucket|count|sum|total|created|info|gcount|gsum))?$/.test(found.slice(name.length));
  });
  return at < 0 ? 1 : at + 1;
}
