/** `sort`, `sort_desc`, `sort_by_label`, `sort_by_label_desc`: for instant queries; a range query's result is ordered by labels anyway. */
import type { Call, Expression, StringLiteral } from '../expression.ts';
import type { Evaluator } from './evaluator.ts';
import { isStepInvariant } from './invariance.ts';
import { compareNaturally } from './natural-order.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, isEmptyRow, type Row } from './row.ts';

export async function sortRows(evaluator: Evaluator, call: Call, args: readonly Expression[]): Promise<Row[]> {
  const { name } = call.signature;
  const rows = await evaluator.rows(args[0]!);
  // Of the same said twice the later place counts: this one is later than those of the argument.
  if (evaluator.frame.isRange && !isStepInvariant(call)) evaluator.scope.annotations.ineffectiveSort(call);
  const descending = name.endsWith('_desc');
  if (name.startsWith('sort_by_label')) {
    const labels = args.slice(1).map((arg) => (arg as StringLiteral).value);
    return rows.sort((a, b) => (descending ? compareByLabels(b, a, labels) : compareByLabels(a, b, labels)));
  }
  const floats = rows.filter((row) => withoutHistograms(row));
  const isNumber = ({ values }: Row): boolean => !Number.isNaN(values[0]!);
  const numbers = floats.filter(isNumber).sort((a, b) => compareValues(a.values[0]!, b.values[0]!, descending));
  // NaN last, whichever the direction; and as in Prometheus the later of two goes before the earlier.
  return [...numbers, ...floats.filter((row) => !isNumber(row)).reverse()];
}

function withoutHistograms(row: Row): boolean {
  for (let i = 0; i < row.kinds.length; i++) if (row.kinds[i] === HISTOGRAM_POINT) row.kinds[i] = ABSENT;
  row.histograms = undefined;
  return !isEmptyRow(row) && row.kinds.includes(FLOAT_POINT);
}

function compareValues(a: number, b: number, descending: boolean): number {
  return descending ? b - a || 0 : a - b || 0;
}

function compareByLabels(a: Row, b: Row, names: readonly string[]): number {
  for (const name of names) {
    const left = a.labels.get(name);
    const right = b.labels.get(name);
    if (left !== right) return compareNaturally(left, right);
  }
  return a.labels.compare(b.labels);
}
