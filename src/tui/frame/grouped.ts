/** A list whose items stand under headings: only items can be selected, only visible lines are built. */
import type { ListState } from './list.ts';
import { BLANK, type Row } from './row.ts';

export interface Group<T> {
  readonly heading: Row;
  readonly items: readonly T[];
}

/** At most `height` rows; `list.selected` counts items over all groups. */
export function groupedRows<T>(
  groups: readonly Group<T>[],
  list: ListState,
  height: number,
  draw: (item: T, selected: boolean) => Row,
): Row[] {
  const shown = groups.filter((group) => group.items.length > 0);
  const count = shown.reduce((sum, group) => sum + group.items.length, 0);
  list.selected = Math.max(0, Math.min(list.selected, count - 1));
  list.page = Math.max(1, height - 2);
  // A group takes a blank line (not the first), its heading, and its items.
  let line = 0;
  let item = 0;
  let selectedLine = 0;
  const starts: { readonly group: Group<T>; readonly line: number; readonly item: number }[] = [];
  for (const group of shown) {
    if (line > 0) line++;
    starts.push({ group, line, item });
    const inside = list.selected - item;
    if (inside >= 0 && inside < group.items.length) selectedLine = line + 1 + inside;
    line += 1 + group.items.length;
    item += group.items.length;
  }
  const first = selectedLine === 1 ? 0 : selectedLine;
  if (first < list.top) list.top = first;
  if (selectedLine >= list.top + height) list.top = selectedLine - height + 1;
  list.top = Math.max(0, Math.min(list.top, line - height));
  const rows: Row[] = [];
  for (let y = list.top; y < Math.min(line, list.top + height); y++) {
    const start = starts.findLast((each) => each.line <= y)!;
    const inside = y - start.line - 1;
    if (inside < 0) rows.push(start.group.heading);
    else if (inside >= start.group.items.length) rows.push(BLANK);
    else rows.push(draw(start.group.items[inside]!, start.item + inside === list.selected));
  }
  return rows;
}
