/** Where a position inside of a YAML scalar's value stands in the file. */
import type { SourcePlace } from '../config/prometheus-config.ts';

/**
 * `place` is where the scalar begins in `source`, `value` what it means, `offset` a UTF-16 index into the value.
 * Exact for literal blocks and for one-line scalars without escapes; else the nearest place that is certain.
 */
export function placeInside(source: string, place: SourcePlace, value: string, offset: number): SourcePlace {
  const lines = source.split(/\r?\n/);
  const first = lines[place.line - 1] ?? '';
  const opening = first[place.column - 1];
  const before = value.slice(0, offset).split('\n');
  if (opening === '|') {
    const line = place.line + before.length;
    const text = lines[line - 1];
    const indent = (lines[place.line] ?? '').search(/\S/);
    return text === undefined ? place : { ...place, line, column: Math.max(indent, 0) + before.at(-1)!.length + 1 };
  }
  // The lines of a folded block are joined: its first line is certain.
  if (opening === '>') {
    const column = (lines[place.line] ?? '').search(/\S/) + 1;
    return lines[place.line] === undefined ? place : { ...place, line: place.line + 1, column: Math.max(column, 1) };
  }
  const start = place.column - 1 + (opening === '"' || opening === "'" ? 1 : 0);
  const head = value.slice(0, offset);
  return first.startsWith(head, start) ? { ...place, column: start + head.length + 1 } : place;
}
