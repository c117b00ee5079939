/** Runs one group of rule unit tests: loads its series step by step, evaluates all rules at each step, and compares alerts and expressions. */
import { ManualClock } from '../../config/clock.ts';
import { formatDuration } from '../../config/duration.ts';
import type { RuleGroupConfig } from '../../config/rule-file.ts';
import { compareBytes } from '../../labels/compare.ts';
import { Labels } from '../../labels/labels.ts';
import { createEngine } from '../../promql/engine.ts';
import { featuresFromNames } from '../../promql/features.ts';
import { formatHistogramNotation } from '../../promql/histogram/text.ts';
import { type QueryEngine, QueryError } from '../../promql/result.ts';
import { createHead, type Head } from '../../storage/head.ts';
import { type GroupContext, RuleGroup } from '../rule-group.ts';
import { queryVector } from '../vector-query.ts';
import { type ComparedAlert, type ComparedSample, compareAlerts, compareSamples } from './comparison.ts';
import { InputError, InputLoader, parseExpectedHistogram, parseMetric } from './input-series.ts';
import type { AlertTest, ExpectedSample, ExpressionTest, RuleTestFile, RuleTestGroup } from './test-file.ts';

/** What failed, in lines; none where the group passes. */
export async function runTestGroup(
  test: RuleTestGroup,
  file: RuleTestFile,
  groups: readonly RuleGroupConfig[],
  features: Iterable<string>,
): Promise<string[]> {
  const head = createHead();
  const names = new Set(features);
  // As by `promtool test rules` 3.14, other than by its server.
  const enabled = { ...featuresFromNames(names), durationExpressions: names.has('promql-duration-expr') };
  const engine = createEngine(head, { features: enabled, noStepSubqueryIntervalMs: file.evaluationIntervalMs });
  let loader: InputLoader;
  try {
    loader = new InputLoader(head, test);
  } catch (error) {
    if (error instanceof InputError) return [error.message];
    throw error;
  }
  const failures = await evaluateRules(test, file, groups, { head, engine, loader });
  if (failures.stopped) return failures.lines;
  const lines = [...failures.lines];
  for (const expressionTest of test.expressionTests) {
    lines.push(...(await runExpressionTest(expressionTest, test.startMs, engine, file.fuzzyCompare)));
  }
  return lines;
}

interface Bench {
  readonly head: Head;
  readonly engine: QueryEngine;
  readonly loader: InputLoader;
}

/** `stopped`: a rule failed, which ends the test. */
async function evaluateRules(
  test: RuleTestGroup,
  file: RuleTestFile,
  configs: readonly RuleGroupConfig[],
  { head, engine, loader }: Bench,
): Promise<{ readonly lines: string[]; readonly stopped: boolean }> {
  const clock = new ManualClock(test.startMs);
  const context = contextOf(test, head, engine, clock);
  const groups = configs.map((config) => new RuleGroup(config, test.intervalMs, context, true));
  const lastMs = Math.max(0, ...[...test.alertTests, ...test.expressionTests].map(({ evalTimeMs }) => evalTimeMs));
  const alertTests = test.alertTests.toSorted((a, b) => a.evalTimeMs - b.evalTimeMs);
  const lines: string[] = [];
  for (let elapsedMs = 0; elapsedMs <= lastMs; elapsedMs += file.evaluationIntervalMs) {
    const timeMs = test.startMs + elapsedMs;
    await clock.advanceTo(timeMs);
    loader.loadUntil(timeMs);
    for (const group of groups) await group.evaluate(timeMs);
    const errors = groups.flatMap((group) => group.state().rules).filter(({ lastError }) => lastError !== '');
    if (errors.length > 0) {
      const at = formatDuration(elapsedMs);
      return {
        lines: [...lines, ...errors.map((rule) => `rule: ${rule.name}, time: ${at}, err: ${rule.lastError}`)],
        stopped: true,
      };
    }
    while (alertTests[0] !== undefined && alertTests[0].evalTimeMs < elapsedMs + file.evaluationIntervalMs) {
      lines.push(...runAlertTest(alertTests.shift()!, groups));
    }
  }
  return { lines, stopped: false };
}

function contextOf(test: RuleTestGroup, head: Head, engine: QueryEngine, clock: ManualClock): GroupContext {
  return {
    engine,
    storage: head,
    receiver: { receive: () => {} },
    clock,
    externalLabels: Labels.of(test.externalLabels),
    externalUrl: test.externalUrl,
    resendDelayMs: 60_000,
    defaultQueryOffsetMs: 0,
    report: () => {},
  };
}

/** The firing alerts of all rules of that name against the expected ones. */
function runAlertTest(test: AlertTest, groups: readonly RuleGroup[]): string[] {
  const got: ComparedAlert[] = groups
    .flatMap((group) => group.alertingRules)
    .filter((rule) => rule.config.name === test.alertname)
    .flatMap((rule) => [...rule.active.values()])
    .filter((alert) => alert.state === 'firing');
  const expected = test.expected.map(({ labels, annotations }) => ({
    labels: exactLabels({ ...labels, alertname: test.alertname }),
    annotations: exactLabels(annotations),
  }));
  const differences = compareAlerts(expected, got);
  if (differences.length === 0) return [];
  const head = `line ${test.place.line}: alertname: ${test.alertname}, time: ${formatDuration(test.evalTimeMs)} (- expected, + got):`;
  return [head, ...differences.map((line) => `  ${line}`)];
}

/** Empty values stay: an alert whose annotation is expected to be empty must have it. */
function exactLabels(record: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(record).sort(compareBytes);
  return Labels.fromSorted(
    names,
    names.map((name) => record[name]!),
  );
}

async function runExpressionTest(
  test: ExpressionTest,
  startMs: number,
  engine: QueryEngine,
  fuzzy: boolean,
): Promise<string[]> {
  const head = `line ${test.place.line}: expr: ${JSON.stringify(test.expression)}, time: ${formatDuration(test.evalTimeMs)}`;
  try {
    const samples = await queryVector(engine, test.expression, startMs + test.evalTimeMs);
    const got = samples.map(({ labels, value, histogram }) => ({
      labels,
      value: histogram === undefined ? value : 0,
      histogram: histogram === undefined ? '' : formatHistogramNotation(histogram),
    }));
    const differences = compareSamples(test.expected.map(expectedSample), got, fuzzy);
    if (differences.length === 0) return [];
    return [`${head} (- expected, + got):`, ...differences.map((line) => `  ${line}`)];
  } catch (error) {
    if (error instanceof QueryError || error instanceof InputError) return [`${head}: ${error.message}`];
    throw error;
  }
}

/** Throws InputError where its labels or its histogram do not parse. */
function expectedSample(sample: ExpectedSample): ComparedSample {
  const histogram = sample.histogram === '' ? '' : formatHistogramNotation(parseExpectedHistogram(sample.histogram));
  return { labels: parseMetric(sample.labels), value: sample.value, histogram };
}
