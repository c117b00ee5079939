/** `info`: the data labels of info metrics (`target_info`, …) joined to the series of the same job and instance. */
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import { Matcher } from '../../labels/matcher.ts';
import { childrenOf, type Expression, type VectorSelector } from '../expression.ts';
import { QueryError } from '../result.ts';
import type { Evaluator } from './evaluator.ts';
import {
  ABSENT,
  FLOAT_POINT,
  HISTOGRAM_POINT,
  isEmptyRow,
  mergeRows,
  type Row,
  RowMaker,
  setHistogram,
} from './row.ts';
import { selectInstant } from './selector.ts';

const IDENTIFYING: readonly string[] = ['instance', 'job'];
const DEFAULT_INFO_METRIC = 'target_info';

export async function infoFunction(
  evaluator: Evaluator,
  argument: Expression,
  selector: VectorSelector | undefined,
): Promise<Row[]> {
  const base = await evaluator.rows(argument);
  const written = selector?.matchers ?? [];
  const nameMatchers = written.filter((matcher) => matcher.name === METRIC_NAME);
  const dataMatchers = written.filter((matcher) => matcher.name !== METRIC_NAME);
  const usedNames = infoNames(nameMatchers);
  // An info series is not enriched with itself.
  const isInfo = (labels: Labels): boolean =>
    (selector === undefined || nameMatchers.length > 0) &&
    usedNames.every((matcher) => matcher.matches(labels.metricName));
  const info = await selectInfo(
    evaluator,
    argument,
    base.filter((row) => !isInfo(row.labels)),
    usedNames,
    dataMatchers,
  );
  const rows: Row[] = [];
  for (const row of base) {
    if (isInfo(row.labels)) rows.push(row);
    else rows.push(...enrich(evaluator, row, info, dataMatchers));
  }
  return mergeRows(rows);
}

/** `target_info` where nothing is said; where it is only said what the name is not, any name that ends in `_info`. */
function infoNames(written: readonly Matcher[]): readonly Matcher[] {
  if (written.length === 0) return [new Matcher('=', METRIC_NAME, DEFAULT_INFO_METRIC)];
  return written.every((matcher) => matcher.isNegative)
    ? [...written, new Matcher('=~', METRIC_NAME, '.+_info')]
    : written;
}

/** Info series by job and instance, values being the times of their samples in milliseconds. */
type InfoIndex = Map<string, Row[]>;

async function selectInfo(
  evaluator: Evaluator,
  argument: Expression,
  base: readonly Row[],
  nameMatchers: readonly Matcher[],
  dataMatchers: readonly Matcher[],
): Promise<InfoIndex> {
  const index: InfoIndex = new Map();
  const values = IDENTIFYING.map((label) => [label, new Set(base.map((row) => row.labels.get(label)))] as const);
  const matchers = [...nameMatchers, ...dataMatchers];
  let identified = false;
  for (const [label, found] of values) {
    found.delete('');
    if (found.size === 0) continue;
    identified = true;
    matchers.push(new Matcher('=~', label, [...found].map(escapeRegexp).join('|')));
  }
  if (!identified) return index;
  const first = firstSelector(argument);
  const selector: VectorSelector = {
    kind: 'vector-selector',
    name: '',
    matchers,
    offsetMs: first?.offsetMs ?? 0,
    offsetExpression: first?.offsetExpression,
    at: first?.at,
    start: argument.start,
    end: argument.end,
  };
  await selectInstant(
    evaluator.scope,
    evaluator.frame,
    selector,
    'timestamp-of-floats-ms',
    (row) => {
      if (row.kinds.some((kind, i) => kind === FLOAT_POINT && Number.isNaN(row.values[i]))) {
        throw new QueryError('execution', `this should be an info metric, with float samples: ${row.labels}`);
      }
      const key = identity(row.labels);
      index.set(key, [...(index.get(key) ?? []), row]);
    },
    false,
  );
  return index;
}

/** One row for each set of labels that the series gets over the steps. */
function enrich(evaluator: Evaluator, row: Row, index: InfoIndex, dataMatchers: readonly Matcher[]): Row[] {
  const candidates = index.get(identity(row.labels)) ?? [];
  const dataLabels = new Set(dataMatchers.map((matcher) => matcher.name));
  const needsMatch = dataMatchers.some((matcher) => !matcher.matches(''));
  const maker = new RowMaker(evaluator.frame.steps);
  const byLabels = new Map<string, Row>();
  for (let i = 0; i < row.kinds.length; i++) {
    if (row.kinds[i] === ABSENT) continue;
    const matched = newestByName(candidates, i);
    if (matched.length === 0 && needsMatch) continue;
    const labels = withDataLabels(row.labels, matched, dataLabels);
    let target = byLabels.get(labels.key);
    if (!target) {
      target = maker.make(labels, false);
      byLabels.set(labels.key, target);
    }
    if (row.kinds[i] === HISTOGRAM_POINT) setHistogram(target, i, row.histograms![i]!);
    else {
      target.values[i] = row.values[i]!;
      target.kinds[i] = FLOAT_POINT;
    }
  }
  return [...byLabels.values()].filter((each) => !isEmptyRow(each));
}

/** Of each info metric the series with the newest sample at a step. */
function newestByName(candidates: readonly Row[], step: number): Row[] {
  const newest = new Map<string, Row>();
  for (const row of candidates) {
    if (row.kinds[step] === ABSENT) continue;
    const name = row.labels.metricName;
    const other = newest.get(name);
    if (other && other.values[step] === row.values[step]) {
      throw new QueryError(
        'execution',
        `found duplicate series for info metric: existing ${other.labels} @ ${other.values[step]}, new ${row.labels} @ ${row.values[step]}`,
      );
    }
    if (!other || other.values[step]! < row.values[step]!) newest.set(name, row);
  }
  return [...newest.values()];
}

function withDataLabels(base: Labels, info: readonly Row[], wanted: ReadonlySet<string>): Labels {
  const added = new Map<string, string>();
  for (const { labels } of info) {
    for (const [name, value] of labels) {
      if (name === METRIC_NAME || (wanted.size > 0 && !wanted.has(name))) continue;
      const other = added.get(name);
      if (other !== undefined && other !== value) throw new QueryError('execution', `conflicting label: ${name}`);
      if (!base.has(name)) added.set(name, value);
    }
  }
  let labels = base;
  for (const [name, value] of added) labels = labels.with(name, value);
  return labels;
}

function identity(labels: Labels): string {
  return IDENTIFYING.map((label) => labels.get(label)).join('\u0000');
}

function firstSelector(expression: Expression): VectorSelector | undefined {
  if (expression.kind === 'vector-selector') return expression;
  for (const child of childrenOf(expression)) {
    const found = firstSelector(child);
    if (found) return found;
  }
  return undefined;
}

function escapeRegexp(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
