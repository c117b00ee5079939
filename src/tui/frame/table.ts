/** Aligned columns: widths from what is shown, the least important dropped where there is no room, one row an item. */
import { clean, widthOf } from '../sanitise.ts';
import type { Theme } from '../theme.ts';
import { type Part, type Row, row, rowWidth, sized, toned } from './row.ts';

export interface Column<T> {
  readonly id: string;
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly min: number;
  readonly max: number;
  /** Takes a share of what is left over; the shares of all columns together are the whole. */
  readonly grow?: number;
  /** 1 stays longest. */
  readonly priority: number;
  /** `width`: the columns there are; while widths are sought, `max`. */
  cell(item: T, width: number): Part;
}

export interface LaidColumn<T> {
  readonly column: Column<T>;
  readonly width: number;
}

const GAP = 2;
const MEASURED = 200;

/** The columns that fit into `width`, each with its width; the first so many items decide what is asked for. */
export function layOut<T>(columns: readonly Column<T>[], items: readonly T[], width: number): LaidColumn<T>[] {
  const wanted = new Map<Column<T>, number>();
  for (const column of columns) {
    let widest = Math.max(column.min, widthOf(column.title));
    for (const item of items.slice(0, MEASURED)) {
      if (widest >= column.max) break;
      widest = Math.max(widest, rowWidth(row(column.cell(item, column.max))));
    }
    wanted.set(column, Math.min(widest, column.max));
  }
  let kept = [...columns];
  const total = (of: (column: Column<T>) => number): number =>
    kept.reduce((sum, column) => sum + of(column) + GAP, -GAP);
  while (kept.length > 1 && total((column) => Math.min(wanted.get(column)!, column.min)) > width) {
    const least = Math.max(...kept.map((column) => column.priority));
    const at = kept.findLastIndex((column) => column.priority === least);
    kept = kept.toSpliced(at, 1);
  }
  const widths = new Map(kept.map((column) => [column, Math.min(wanted.get(column)!, column.min)]));
  let left = width - total((column) => widths.get(column)!);
  for (const column of [...kept].sort((a, b) => a.priority - b.priority)) {
    const extra = Math.max(0, Math.min(left, wanted.get(column)! - widths.get(column)!));
    widths.set(column, widths.get(column)! + extra);
    left -= extra;
  }
  const shares = kept.reduce((sum, column) => sum + (column.grow ?? 0), 0);
  if (left > 0 && shares > 0) {
    const spare = left;
    for (const column of kept) {
      const extra = Math.floor((spare * (column.grow ?? 0)) / shares);
      widths.set(column, widths.get(column)! + extra);
    }
  }
  return kept.map((column) => ({ column, width: Math.max(1, Math.min(widths.get(column)!, width)) }));
}

export interface SortState {
  readonly column: string;
  readonly descending: boolean;
}

export function headRow<T>(laid: readonly LaidColumn<T>[], theme: Theme, sort?: SortState): Row {
  return joined(
    laid.map(({ column, width }) => {
      const mark = sort?.column !== column.id ? '' : sort.descending ? theme.glyphs.down : theme.glyphs.up;
      const title = mark === '' ? toned('muted', column.title) : toned('accent', `${column.title}${mark}`);
      return sized([title], width, column.align, theme.glyphs.ellipsis);
    }),
  );
}

export function itemRow<T>(laid: readonly LaidColumn<T>[], item: T, theme: Theme): Row {
  return joined(
    laid.map(({ column, width }) => sized(row(column.cell(item, width)), width, column.align, theme.glyphs.ellipsis)),
  );
}

function joined(cells: readonly Row[]): Row {
  return cells.flatMap((cell, i) => (i === 0 ? cell : [toned('plain', ' '.repeat(GAP)), ...cell]));
}

/** Items in the order that the column says: numbers by size, text by its letters; equal ones stay as they were. */
export function sorted<T>(
  items: readonly T[],
  keys: Readonly<Record<string, (item: T) => number | string>>,
  sort: SortState | undefined,
): readonly T[] {
  const key = sort === undefined ? undefined : keys[sort.column];
  if (sort === undefined || key === undefined) return items;
  const sign = sort.descending ? -1 : 1;
  return items
    .map((item, index) => ({ item, index, key: key(item) }))
    .sort((a, b) => sign * compare(a.key, b.key) || a.index - b.index)
    .map(({ item }) => item);
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
    return Number.isNaN(b) ? 1 : a - b;
  }
  const x = clean(String(a));
  const y = clean(String(b));
  return x < y ? -1 : x > y ? 1 : 0;
}
