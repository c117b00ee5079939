/** `and`, `or`, `unless`. */
import type { BinaryExpression } from '../expression.ts';
import { Matching } from './matching.ts';
import { ABSENT, isEmptyRow, mergeRows, type Row } from './row.ts';

/** Changes the rows it is given. */
export function setOperation(
  { operator, matching }: BinaryExpression,
  left: Row[],
  right: Row[],
  steps: number,
): Row[] {
  const signatures = Matching.of(matching!);
  const [base, filtered] = operator === 'or' ? [left, right] : [right, left];
  const present = new Map<string, Uint8Array>();
  for (const { labels, kinds } of base) {
    const signature = signatures.signature(labels);
    let at = present.get(signature);
    if (!at) {
      at = new Uint8Array(steps);
      present.set(signature, at);
    }
    for (let i = 0; i < steps; i++) if (kinds[i] !== ABSENT) at[i] = 1;
  }
  const wanted = operator === 'and' ? 1 : 0;
  for (const { labels, kinds } of filtered) {
    const at = present.get(signatures.signature(labels));
    if (!at) {
      if (wanted === 1) kinds.fill(ABSENT);
      continue;
    }
    for (let i = 0; i < steps; i++) if (at[i] !== wanted) kinds[i] = ABSENT;
  }
  const rest = filtered.filter((row) => !isEmptyRow(row));
  return operator === 'or' ? mergeRows([...left, ...rest]) : rest;
}
