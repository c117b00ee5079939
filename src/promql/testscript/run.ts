/** Runs test scripts in Prometheus' `promqltest` format and says what is not as expected. */
import { ManualClock } from '../../config/clock.ts';
import { compileRe2, RegexpError } from '../../labels/regexp.ts';
import { DurationError } from '../duration-expression.ts';
import { createEngine } from '../engine.ts';
import { ALL_SYNTAX, type PromqlFeatures } from '../features.ts';
import { type QueryEngine, QueryError, type QueryResult, type QueryValue } from '../result.ts';
import { almostEqual, compareMatrix, compareScalar, compareVector, type Differences } from './compare.ts';
import { classicToCustom, type LoadedSeries } from './custom-buckets.ts';
import {
  type Command,
  type EvalCommand,
  type LoadCommand,
  type LoadedLine,
  parseScript,
  type TextMatch,
} from './script.ts';
import { type TestSample, TestStorage } from './storage.ts';
import { pinnedVariants, readsQueryTimes } from './variants.ts';

export interface TestFile {
  /** As it is to be printed. */
  readonly name: string;
  readonly text: string;
}

const FEATURES: PromqlFeatures = {
  ...ALL_SYNTAX,
  delayedNameRemoval: true,
  startTimestamps: true,
  typeAndUnitLabels: false,
};
const MAX_SAMPLES = 10_000;
const MINUTE_MS = 60_000;
/** Of a failing eval not more than this many differences are printed. */
const MOST_DIFFERENCES = 20;

/**
 * Prints `FILE:LINE: message` for each failing eval, with further differences in lines that begin with a blank, and at last
 * `N passed, M failed`. A faulty line that is no eval, with no eval after it to fail, counts as one failure.
 */
export async function runPromqlTests(
  files: readonly TestFile[],
  print: (line: string) => void,
): Promise<{ readonly passed: number; readonly failed: number }> {
  let passed = 0;
  let failed = 0;
  for (const { name, text } of files) {
    const run = new ScriptRun();
    for (const command of parseScript(text)) {
      const problems = await run.execute(command);
      const [first, ...rest] = problems;
      if (first === undefined) {
        if (command.kind === 'eval') passed++;
        continue;
      }
      failed++;
      print(`${name}:${command.line}: ${first}`);
      for (const each of rest.slice(0, MOST_DIFFERENCES)) print(`  ${each}`);
      if (rest.length > MOST_DIFFERENCES) print(`  … and ${rest.length - MOST_DIFFERENCES} more`);
    }
    if (run.fault !== undefined) {
      failed++;
      print(`${name}:${run.fault.line}: ${run.fault.message}`);
    }
  }
  print(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}

class ScriptRun {
  #storage = new TestStorage();
  #engine = engineOver(this.#storage);
  /** What could not be loaded; the evals after it fail. */
  #missing: { readonly line: number; readonly message: string; used: boolean } | undefined;
  #unreported: { readonly line: number; readonly message: string } | undefined;

  /** A fault that no eval has failed for. */
  get fault(): { readonly line: number; readonly message: string } | undefined {
    return this.#unreported ?? (this.#missing && !this.#missing.used ? this.#missing : undefined);
  }

  /** What is wrong, the most important first. */
  async execute(command: Command): Promise<Differences> {
    switch (command.kind) {
      case 'clear':
        if (this.#missing && !this.#missing.used) this.#unreported ??= this.#missing;
        this.#missing = undefined;
        this.#storage = new TestStorage();
        this.#engine = engineOver(this.#storage);
        return [];
      case 'faulty':
        if (command.isEval) return [command.message];
        this.#missing ??= { line: command.line, message: command.message, used: false };
        return [];
      case 'load':
        load(this.#storage, command);
        return [];
      case 'eval':
        if (!this.#missing) return runEval(this.#engine, command);
        this.#missing.used = true;
        return [`not evaluated, for line ${this.#missing.line} cannot be read: ${this.#missing.message}`];
    }
  }
}

function engineOver(storage: TestStorage): QueryEngine {
  return createEngine(storage, {
    features: FEATURES,
    lookbackMs: 5 * MINUTE_MS,
    maxSamples: MAX_SAMPLES,
    noStepSubqueryIntervalMs: MINUTE_MS,
    clock: new ManualClock(0),
  });
}

function load(storage: TestStorage, { series, stepMs, withCustomBuckets }: LoadCommand): void {
  const loaded = series.map((line): LoadedSeries => ({ labels: line.labels, samples: toSamples(line, stepMs) }));
  for (const { labels, samples } of loaded) storage.add(labels, samples);
  if (!withCustomBuckets) return;
  for (const { labels, samples } of classicToCustom(loaded)) storage.add(labels, samples);
}

function toSamples({ values, starts }: LoadedLine, stepMs: number): TestSample[] {
  const samples: TestSample[] = [];
  for (const [i, value] of values.entries()) {
    if (value.kind === 'none') continue;
    const timeMs = i * stepMs;
    const start = starts?.[i];
    samples.push({ timeMs, value, startMs: start === undefined ? 0 : timeMs + start });
  }
  return samples;
}

async function runEval(engine: QueryEngine, command: EvalCommand): Promise<Differences> {
  const { times, query, expect } = command;
  let result: QueryResult;
  try {
    result =
      times.kind === 'instant'
        ? await engine.query(query, { timeMs: times.timeMs })
        : await engine.queryRange(query, times);
  } catch (error) {
    return checkFailure(error, expect.fail);
  }
  if (expect.fail) return ['expected the query to fail, but it did not'];
  const differences = [
    ...checkAnnotations('warning', result.warnings, expect.warnings, expect.noWarnings),
    ...checkAnnotations('info', result.infos, expect.infos, expect.noInfos),
    ...checkValue(command, result.value),
  ];
  if (differences.length > 0 || times.kind !== 'instant') return differences;
  return checkVariants(engine, command, times.timeMs, result.value);
}

function checkFailure(error: unknown, expected: TextMatch | undefined): Differences {
  if (!(error instanceof QueryError)) throw error;
  const isOfDuration = error instanceof DurationError;
  if (error.type === 'bad_data' && !isOfDuration) return [`the query cannot be read: ${error.message}`];
  const message = isOfDuration ? error.detail : error.message;
  if (!expected) return [`unexpected error: ${message}`];
  if (matchesText(expected, message)) return [];
  return [`expected an error ${describeMatch(expected)}, got: ${message}`];
}

function checkAnnotations(
  kind: 'warning' | 'info',
  got: readonly string[],
  expected: readonly TextMatch[],
  none: boolean,
): Differences {
  if (none && got.length > 0) return [`expected no ${kind}, got: ${got.join('; ')}`];
  if (expected.length === 0) return [];
  if (got.length === 0) return [`expected ${kind === 'info' ? 'an info' : 'a warning'}, got none`];
  const differences = expected
    .filter((match) => !got.some((text) => matchesText(match, text)))
    .map((match) => `expected ${kind} ${describeMatch(match)}, got: ${got.join('; ')}`);
  for (const text of got) {
    if (!expected.some((match) => matchesText(match, text))) differences.push(`unexpected ${kind}: ${text}`);
  }
  return differences;
}

function matchesText({ kind, text }: TextMatch, got: string): boolean {
  if (kind === 'any') return true;
  if (kind === 'msg') return got === text;
  try {
    return compileRe2(text).matcher(got).find();
  } catch (error) {
    if (error instanceof RegexpError) return false;
    throw error;
  }
}

function describeMatch({ kind, text }: TextMatch): string {
  if (kind === 'any') return '';
  return kind === 'msg' ? JSON.stringify(text) : `matching ${text}`;
}

function checkValue({ expect, times }: EvalCommand, value: QueryValue): Differences {
  const wrongType = (wanted: string): Differences => [`expected a ${wanted}, got a ${value.type}`];
  const isSingle = value.type === 'string' || value.type === 'scalar';
  if (isSingle && expect.series.length > 0) return wrongType('vector');
  if (expect.string !== undefined) {
    if (value.type !== 'string') return wrongType('string');
    return value.value === expect.string
      ? []
      : [`expected string ${JSON.stringify(expect.string)}, got ${JSON.stringify(value.value)}`];
  }
  if (expect.scalar !== undefined) {
    if (value.type !== 'scalar') return wrongType('scalar');
    return compareScalar(expect.scalar, value.value);
  }
  if (times.kind === 'range') {
    if (value.type !== 'matrix') return wrongType('matrix');
    return compareMatrix(expect.series, value.series, times.startMs, times.endMs, times.stepMs);
  }
  if (expect.rangeVector) {
    if (value.type !== 'matrix') return wrongType('range vector');
    const { startMs, endMs, stepMs } = expect.rangeVector;
    return compareMatrix(expect.series, value.series, startMs, endMs, stepMs);
  }
  if (value.type === 'matrix' && expect.series.length === 0 && value.series.length === 0) return [];
  if (value.type !== 'vector') return wrongType('vector');
  return compareVector(expect.series, value, expect.ordered);
}

/** The same query as one step of a range query, and with its selectors pinned to its time but asked at others. */
async function checkVariants(
  engine: QueryEngine,
  { query, expect }: EvalCommand,
  timeMs: number,
  value: QueryValue,
): Promise<Differences> {
  if (value.type !== 'vector' && value.type !== 'scalar') return [];
  const unordered = { ...expect, ordered: false };
  if (!readsQueryTimes(query)) {
    try {
      const { value: matrix } = await engine.queryRange(query, {
        startMs: timeMs - MINUTE_MS,
        endMs: timeMs + MINUTE_MS,
        stepMs: MINUTE_MS,
      });
      const differences = checkMiddle(unordered.scalar, unordered.series, matrix, timeMs);
      if (differences.length > 0) return differences.map((each) => `as one step of a range query: ${each}`);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return [`as one step of a range query: unexpected error: ${error.message}`];
    }
  }
  for (const variant of pinnedVariants(query, timeMs)) {
    const place = `${variant.query} at ${variant.timeMs / 1000}s`;
    let other: QueryValue;
    try {
      ({ value: other } = await engine.query(variant.query, { timeMs: variant.timeMs }));
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return [`${place}: unexpected error: ${error.message}`];
    }
    const times = { kind: 'instant', timeMs: variant.timeMs } as const;
    const differences = checkValue({ kind: 'eval', line: 0, query: variant.query, times, expect: unordered }, other);
    if (differences.length > 0) {
      return differences.map((each) => `${place}: ${each}`);
    }
  }
  return [];
}

function checkMiddle(
  scalar: number | undefined,
  series: EvalCommand['expect']['series'],
  matrix: QueryValue,
  timeMs: number,
): Differences {
  if (matrix.type !== 'matrix') return [`expected a matrix, got a ${matrix.type}`];
  const middle = matrix.series.flatMap(({ labels, timestamps, values, histograms }) => {
    const at = timestamps.indexOf(timeMs);
    return at < 0 ? [] : [{ labels, value: values[at]!, histogram: histograms?.[at] }];
  });
  if (scalar !== undefined) {
    const got = middle[0]?.value ?? Number.NaN;
    return almostEqual(scalar, got) ? [] : compareScalar(scalar, got);
  }
  return compareVector(series, { type: 'vector', timestampMs: timeMs, samples: middle }, false);
}
