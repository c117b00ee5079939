/** What views give: rows of toned text, composed and cut by pure functions, and written as ANSI text at the very end. */
import { clean, shorten, widthOf } from '../sanitise.ts';
import type { Theme, Tone } from '../theme.ts';

export interface Segment {
  readonly text: string;
  readonly tone: Tone;
  readonly selected?: boolean;
  /** The tone behind it: for a cell that two layers of a chart share. */
  readonly behind?: Tone;
}

export type Row = readonly Segment[];
/** A string is plain text. */
export type Part = string | Segment | Row;

export const BLANK: Row = [];

/** Text with a meaning; whatever steers a terminal is taken out of it here. */
export function toned(tone: Tone, text: string): Segment {
  return { tone, text: clean(text) };
}

export function row(...parts: readonly Part[]): Row {
  const segments: Segment[] = [];
  for (const part of parts) {
    if (typeof part === 'string') segments.push(toned('plain', part));
    else if (isRow(part)) segments.push(...part);
    else segments.push(part);
  }
  return segments;
}

function isRow(part: Segment | Row): part is Row {
  return Array.isArray(part);
}

export function rowWidth(each: Row): number {
  let width = 0;
  for (const segment of each) width += widthOf(segment.text);
  return width;
}

/** The row at exactly `width` columns: cut with an ellipsis, or filled with blanks on its right (or left). */
export function sized(each: Row, width: number, align: 'left' | 'right' = 'left', ellipsis = '…'): Row {
  const total = rowWidth(each);
  if (total === width) return each;
  if (total < width) {
    const blank: Segment = {
      text: ' '.repeat(width - total),
      tone: 'plain',
      ...(each[0]?.selected ? { selected: true } : {}),
    };
    return align === 'right' ? [blank, ...each] : [...each, blank];
  }
  const kept: Segment[] = [];
  let left = width;
  for (const segment of each) {
    const size = widthOf(segment.text);
    if (size < left) {
      kept.push(segment);
      left -= size;
      continue;
    }
    // Where the last column alone is left, the ellipsis takes it: what stands there would look whole.
    const cut = left === widthOf(ellipsis) && kept.length > 0;
    const text = cut ? ellipsis : shorten(`${segment.text}${size === left ? ' ' : ''}`, left, ellipsis);
    kept.push({ ...segment, text });
    left -= widthOf(text);
    break;
  }
  return left > 0 ? [...kept, { text: ' '.repeat(left), tone: 'plain' }] : kept;
}

/** The whole width of the row marked as the selected one. It ends in a no-break blank: tools that copy screens cut plain blanks off. */
export function select(each: Row, width: number): Row {
  const marked = sized(each, width).map((segment) => ({ ...segment, selected: true }));
  const last = marked.at(-1);
  if (last === undefined || !last.text.endsWith(' ')) return marked;
  return [...marked.slice(0, -1), { ...last, text: `${last.text.slice(0, -1)}\u00a0` }];
}

/** Left part and right part on one row of `width` columns; where there is no room the right part gives way first. */
export function spread(left: Row, right: Row, width: number): Row {
  const room = width - rowWidth(left) - 1;
  if (rowWidth(right) <= room) return [...sized(left, width - rowWidth(right)), ...right];
  return room > 12 ? [...left, ...row(' '), ...sized(right, room)] : sized(left, width);
}

/** Two blocks side by side, a bar between them, both `height` rows high. */
export function beside(
  left: readonly Row[],
  leftWidth: number,
  right: readonly Row[],
  rightWidth: number,
  height: number,
  between: Row = row('  '),
): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < height; i++) {
    rows.push([...sized(left[i] ?? BLANK, leftWidth), ...between, ...sized(right[i] ?? BLANK, rightWidth)]);
  }
  return rows;
}

/** Exactly `height` rows. */
export function tall(rows: readonly Row[], height: number): Row[] {
  const out = rows.slice(0, Math.max(0, height));
  while (out.length < height) out.push(BLANK);
  return out;
}

/** The row as text with SGR sequences; neighbours of the same look share one. Text is cleaned once more: nothing gets past here. */
export function toAnsi(each: Row, theme: Theme): string {
  let out = '';
  let current = '';
  for (const segment of each) {
    if (segment.text === '') continue;
    const sgr = theme.sgr(segment.tone, segment.selected === true, segment.behind);
    if (sgr !== current) {
      out += current === '' ? `\u001b[${sgr}m` : sgr === '' ? '\u001b[0m' : `\u001b[0;${sgr}m`;
      current = sgr;
    }
    out += clean(segment.text);
  }
  return current === '' ? out : `${out}\u001b[0m`;
}

const ASCII_FOR: Readonly<Record<string, string>> = {
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '–': '-',
  '≥': '>',
  µ: 'u',
  '×': 'x',
  '∞': '~',
  '…': '~',
  '’': "'",
  '\u00a0': ' ',
};

/** The screen's own signs in plain ASCII, column by column; what came from outside stays as it is. */
export function inAscii(each: Row): Row {
  return each.map((segment) => ({
    ...segment,
    text: segment.text.replace(/[→←↑↓–≥µ×∞…’\u00a0]/g, (sign) => ASCII_FOR[sign]!),
  }));
}

/** The bare text, for tests. */
export function toText(each: Row): string {
  return each.map((segment) => segment.text).join('');
}
