/** `quantile`: the values of a group at each step, sorted. */
import type { Aggregation } from '../expression.ts';
import type { Evaluator } from './evaluator.ts';
import { GroupNames, Groups } from './grouping.ts';
import { FLOAT_POINT, HISTOGRAM_POINT, isEmptyRow, type Row, RowMaker } from './row.ts';
import { moveNaNsFirst, quantileOfSorted } from './sorted-window.ts';

export async function quantileAggregation(evaluator: Evaluator, node: Aggregation): Promise<Row[]> {
  const { scope, frame } = evaluator;
  const column = await evaluator.scalar(node.parameter!);
  const input = await evaluator.rows(node.expression);
  if (column.some(Number.isNaN)) scope.annotations.invalidQuantile(Number.NaN, node.parameter!);
  const greatest = column.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const least = column.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (greatest > 1) scope.annotations.invalidQuantile(greatest, node.parameter!);
  if (least < 0) scope.annotations.invalidQuantile(least, node.parameter!);
  const groups = new Groups(node);
  const names = new GroupNames();
  const members: Row[][] = [];
  for (const row of input) {
    if (row.kinds.includes(HISTOGRAM_POINT)) scope.annotations.histogramIgnored('quantile', node.expression);
    const index = groups.indexOf(row.labels);
    names.add(index, row);
    const group = members[index];
    if (group) group.push(row);
    else members[index] = [row];
  }
  const maker = new RowMaker(frame.steps);
  const rows: Row[] = [];
  for (const [index, group] of members.entries()) {
    const row = maker.make(groups.labels[index]!, false);
    const buffer = new Float64Array(group.length);
    for (let i = 0; i < frame.steps; i++) {
      let length = 0;
      for (const { kinds, values } of group) if (kinds[i] === FLOAT_POINT) buffer[length++] = values[i]!;
      if (length === 0) continue;
      const sorted = buffer.subarray(0, length).sort();
      moveNaNsFirst(sorted);
      row.values[i] = quantileOfSorted(column[i]!, sorted, length);
      row.kinds[i] = FLOAT_POINT;
    }
    row.dropName = names.drops(index);
    if (scope.budget.worked(group.length * frame.steps)) await scope.budget.turn();
    if (!isEmptyRow(row)) rows.push(row);
  }
  return rows;
}
