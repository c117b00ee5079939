/** Sample columns lent to one reader after the other: making them anew costs more than reading a few series into them. */
import { SampleColumns } from '../../storage/queryable.ts';

/** Larger ones are left to the garbage collector: one long series must not hold its memory for ever. */
const MOST_CAPACITY = 4096;
const MOST_SPARE = 8;
const spare: SampleColumns[] = [];

/** To be given back when nothing reads from them any more. */
export function borrowColumns(): SampleColumns {
  return spare.pop() ?? new SampleColumns();
}

export function giveBackColumns(columns: SampleColumns): void {
  if (spare.length >= MOST_SPARE || columns.timestamps.length > MOST_CAPACITY) return;
  columns.clear();
  spare.push(columns);
}
