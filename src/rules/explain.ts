/** Explains a rule: each series' value against the threshold, since when it is true and how much of `for` is left, or why there is no result. */
import { formatDuration } from '../config/duration.ts';
import { nearestNames } from '../config/nearest-name.ts';
import type { RuleConfig, RuleGroupConfig } from '../config/rule-file.ts';
import type { Labels } from '../labels/labels.ts';
import { type BinaryExpression, COMPARISONS, type Expression, typeOf, unwrap } from '../promql/expression.ts';
import { formatExpression } from '../promql/format.ts';
import { parseExpression } from '../promql/parse.ts';
import { type InstantSample, QueryError } from '../promql/result.ts';
import { formatFloat } from '../template/float.ts';
import { type ExplainEngine, explainEmpty, SubqueryLog } from './explain-empty.ts';
import type { RuleAlert, RuleGroupState, RuleState } from './state.ts';

export interface ExplanationSection {
  readonly heading: string;
  readonly lines: readonly string[];
}

export interface ExplainOptions {
  readonly groups: readonly RuleGroupConfig[];
  /** As the rules stand. */
  readonly states: readonly RuleGroupState[];
  readonly engine: ExplainEngine;
  readonly nowMs: number;
  /** The labels of the one alert that is asked about: other series are counted only. */
  readonly about?: Labels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One section for each rule of that name, and one for each of its alerts. Rejects only where the signal ends it. */
export async function explainRule(name: string, options: ExplainOptions): Promise<readonly ExplanationSection[]> {
  const sections: ExplanationSection[] = [];
  for (const group of options.groups) {
    const groupState = options.states.find((each) => each.name === group.name && each.file === group.place.file);
    for (const [index, rule] of group.rules.entries()) {
      if (rule.name !== name) continue;
      const state = groupState?.rules[index];
      sections.push(...(await explainOne(rule, group, groupState, state, options)));
    }
  }
  if (sections.length > 0) return sections;
  const [nearest] = nearestNames(
    name,
    options.groups.flatMap((group) => group.rules.map((rule) => rule.name)),
  );
  const advice = nearest === undefined ? '' : `: did you mean ${nearest}?`;
  return [{ heading: 'rule', lines: [`no rule is called ${name}${advice}`] }];
}

async function explainOne(
  rule: RuleConfig,
  group: RuleGroupConfig,
  groupState: RuleGroupState | undefined,
  state: RuleState | undefined,
  options: ExplainOptions,
): Promise<ExplanationSection[]> {
  const lines = headLines(rule, group, groupState, state);
  const sections: ExplanationSection[] = [{ heading: 'rule', lines }];
  let expression: Expression;
  try {
    expression = parseExpression(rule.expression);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    lines.push(`the expression is not understood here: ${error.message}`);
    return sections;
  }
  const log = new SubqueryLog(options.engine, options.nowMs, options.signal);
  const result = await log.vector(expression);
  if (result instanceof QueryError) {
    // As it fails now; the rule's last error may say so already.
    if (result.message !== state?.lastError) lines.push(`the expression fails: ${result.message}`);
    return sections;
  }
  lines.push(`evaluated now it gives ${result.length} series`);
  sections.push(...(await seriesSections(rule, expression, result, state, log, options)));
  if (result.length === 0) {
    sections.push({ heading: 'why the result is empty', lines: await explainEmpty(expression, log) });
  }
  return sections;
}

function headLines(
  rule: RuleConfig,
  group: RuleGroupConfig,
  groupState: RuleGroupState | undefined,
  state: RuleState | undefined,
): string[] {
  const lines = [
    `${rule.kind === 'alerting' ? 'alert' : 'record'}: ${rule.name}, group ${group.name}, ${rule.place.file}:${rule.place.line}`,
    `expr: ${rule.expression.trim().replace(/\s+/g, ' ')}`,
  ];
  if (rule.forMs > 0) lines.push(`for: ${formatDuration(rule.forMs)}`);
  if (rule.keepFiringForMs > 0) lines.push(`keep_firing_for: ${formatDuration(rule.keepFiringForMs)}`);
  if (state === undefined || state.lastEvaluationMs === 0) lines.push('not evaluated yet');
  else {
    const every = groupState === undefined ? '' : `, every ${formatDuration(groupState.intervalMs)}`;
    lines.push(`last evaluated ${instant(state.lastEvaluationMs)} in ${tookText(state)}${every}`);
    if (state.lastError !== '') lines.push(`last error: ${state.lastError}`);
  }
  if (groupState?.missedIterations) lines.push(`iterations missed by the group: ${groupState.missedIterations}`);
  return lines;
}

/** The clock that measures it counts milliseconds. */
function tookText({ evaluationSeconds }: RuleState): string {
  return evaluationSeconds === 0 ? 'less than 1ms' : `${formatFloat(evaluationSeconds, 'g', 3)}s`;
}

async function seriesSections(
  rule: RuleConfig,
  expression: Expression,
  result: readonly InstantSample[],
  state: RuleState | undefined,
  log: SubqueryLog,
  { nowMs, about }: ExplainOptions,
): Promise<ExplanationSection[]> {
  const alerts = [...(state?.alerts ?? [])];
  const asked = about === undefined ? [] : result.filter((sample) => stemsFrom(about, sample));
  const shown = (asked.length > 0 ? asked : result).slice(0, MOST_SERIES);
  const sections: ExplanationSection[] = [];
  for (const sample of shown) {
    const alert = takeAlertOf(sample, alerts);
    const lines = [await againstThreshold(expression, sample, log)];
    const history = await historyOf(expression, sample, rule, log, nowMs);
    if (history !== undefined) lines.push(history);
    if (rule.kind === 'alerting') lines.push(...stateLines(rule, alert, nowMs));
    sections.push({ heading: `series ${sample.labels.toSelector()}`, lines });
  }
  const further = result.filter((sample) => !shown.includes(sample));
  if (further.length > 0) {
    const count = further.length === 1 ? '1 more is' : `${further.length} more are`;
    sections.push({ heading: 'further series', lines: [`${count} in the result`] });
  }
  for (const sample of further) takeAlertOf(sample, alerts);
  for (const alert of alerts) {
    if (about !== undefined && !alert.labels.equals(about)) continue;
    const lines = ['no longer in the result', ...stateLines(rule, alert, nowMs)];
    sections.push({ heading: `alert ${alert.labels}`, lines });
  }
  return sections;
}

const MOST_SERIES = 20;

/** The alert that stems from the sample: the one whose labels contain the sample's. */
function takeAlertOf(sample: InstantSample, alerts: RuleAlert[]): RuleAlert | undefined {
  const index = alerts.findIndex((alert) => stemsFrom(alert.labels, sample));
  return index < 0 ? undefined : alerts.splice(index, 1)[0];
}

function stemsFrom(alertLabels: Labels, sample: InstantSample): boolean {
  return [...sample.labels.withoutMetricName()].every(([name, value]) => alertLabels.get(name) === value);
}

async function againstThreshold(expression: Expression, sample: InstantSample, log: SubqueryLog): Promise<string> {
  const comparison = comparisonOf(expression);
  if (comparison === undefined) return `value ${shown(sample)}`;
  const threshold = await log.vector(comparison.right);
  if (threshold instanceof QueryError) return `value ${shown(sample)}`;
  const bound = typeOf(comparison.right) === 'scalar' ? threshold[0] : counterpart(threshold, sample);
  const limit = bound === undefined ? formatExpression(comparison.right) : shown(bound);
  return `value ${shown(sample)} ${comparison.operator} ${limit} (threshold)`;
}

function comparisonOf(expression: Expression): BinaryExpression | undefined {
  const inner = unwrap(expression);
  return inner.kind === 'binary' && COMPARISONS.has(inner.operator) && !inner.returnBool ? inner : undefined;
}

/** Of the other side's samples, the one that agrees in every label that both have. */
function counterpart(samples: readonly InstantSample[], sample: InstantSample): InstantSample | undefined {
  return samples.find(({ labels }) =>
    [...labels.withoutMetricName()].every(
      ([name, value]) => !sample.labels.has(name) || sample.labels.get(name) === value,
    ),
  );
}

/** The value over the recent past, without the comparison's filter. */
async function historyOf(
  expression: Expression,
  sample: InstantSample,
  rule: RuleConfig,
  log: SubqueryLog,
  nowMs: number,
): Promise<string | undefined> {
  const comparison = comparisonOf(expression);
  const shownExpression = comparison?.left ?? expression;
  const spanMs = Math.max(2 * rule.forMs, LEAST_HISTORY_MS);
  const series = await log.range(shownExpression, nowMs - spanMs, nowMs, spanMs / HISTORY_POINTS);
  const own = series?.find(({ labels }) => labels.withoutMetricName().equals(sample.labels.withoutMetricName()));
  const values = own === undefined ? [] : [...own.values].filter((value) => !Number.isNaN(value));
  if (values.length < 2) return undefined;
  const least = formatFloat(Math.min(...values), 'g', 4);
  const most = formatFloat(Math.max(...values), 'g', 4);
  const trail = values.map((value) => formatFloat(value, 'g', 4)).join(' ');
  return `over the last ${formatDuration(spanMs)}: ${trail} (lowest ${least}, highest ${most})`;
}

const LEAST_HISTORY_MS = 10 * 60_000;
const HISTORY_POINTS = 10;

function stateLines(rule: RuleConfig, alert: RuleAlert | undefined, nowMs: number): string[] {
  if (alert === undefined) return ['true now, not yet seen by an evaluation of the rule'];
  const trueMs = nowMs - alert.activeAtMs;
  const lines = [`${alert.state}, true since ${instant(alert.activeAtMs)} (${formatDuration(wholeSeconds(trueMs))})`];
  if (alert.state === 'pending') {
    const leftMs = Math.max(rule.forMs - trueMs, 0);
    lines.push(`fires in ${formatDuration(wholeSeconds(leftMs))} if it stays so (for ${formatDuration(rule.forMs)})`);
  }
  if (alert.keepFiringSinceMs !== undefined) {
    const leftMs = Math.max(rule.keepFiringForMs - (nowMs - alert.keepFiringSinceMs), 0);
    lines.push(`not true any more, kept firing for another ${formatDuration(wholeSeconds(leftMs))}`);
  }
  return lines;
}

function shown(sample: InstantSample): string {
  return sample.histogram === undefined ? formatFloat(sample.value, 'g', -1) : 'a histogram';
}

function instant(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

function wholeSeconds(durationMs: number): number {
  return Math.round(durationMs / 1000) * 1000;
}
