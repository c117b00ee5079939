/** A line being typed, its cursor shown in reverse, scrolled so that the cursor is visible; an ellipsis stands where it goes on. */
import type { LineState } from '../input/line-editor.ts';
import { clean, take, widthOf } from '../sanitise.ts';
import type { Theme, Tone } from '../theme.ts';
import { type Row, row, type Segment, toned } from './row.ts';

/** `tones` gives the tone at each index of the text; plain where it is left out. */
export function promptRow(mark: string, line: LineState, width: number, theme: Theme, tones?: readonly Tone[]): Row {
  const room = Math.max(4, width - widthOf(mark) - 1);
  let from = 0;
  while (widthOf(clean(line.text.slice(from, line.cursor))) >= room) from++;
  const visible = take(line.text.slice(from), room);
  const segments: Segment[] = [];
  for (let i = 0; i < visible.length; i++) {
    const index = from + i;
    const code = visible.charCodeAt(i);
    const size = code >= 0xd800 && code < 0xdc00 ? 2 : 1;
    const isCut =
      index !== line.cursor &&
      ((i === 0 && from > 0) || (i + size === visible.length && from + i + size < line.text.length));
    const text = isCut ? theme.glyphs.ellipsis : visible.slice(i, i + size);
    const tone: Tone = index === line.cursor ? 'chip-muted' : isCut ? 'muted' : (tones?.[index] ?? 'plain');
    const last = segments.at(-1);
    if (last !== undefined && last.tone === tone && tone !== 'chip-muted')
      segments[segments.length - 1] = toned(tone, last.text + text);
    else segments.push(toned(tone, text));
    i += size - 1;
  }
  if (line.cursor >= line.text.length) segments.push(toned('chip-muted', ' '));
  return row(toned('accent', mark), segments);
}
