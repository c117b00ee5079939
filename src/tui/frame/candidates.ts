/** The words that what is being typed could go on with, on one row. */
import { clean, widthOf } from '../sanitise.ts';
import type { Theme, Tone } from '../theme.ts';
import { type Part, type Row, row, toned } from './row.ts';

/**
 * As many words as there is room for, the chosen one always among them (−1: none is chosen); ellipses stand for the others.
 * `note` comes last where it begins on the row.
 */
export function candidateRow(
  words: readonly string[],
  chosen: number,
  tone: Tone,
  note: string,
  width: number,
  { glyphs: { ellipsis } }: Theme,
): Row {
  const from = firstShown(words, chosen, width);
  const parts: Part[] = from > 0 ? [toned('muted', `${ellipsis} `)] : [];
  let left = width - (from > 0 ? 2 : 0);
  for (const [i, word] of words.slice(from).entries()) {
    const isLast = from + i === words.length - 1;
    const size = sizeOf(word);
    if (left < size + (isLast ? 0 : 1)) return row(...parts, toned('muted', ellipsis));
    left -= size;
    parts.push(toned(from + i === chosen ? 'chip-accent' : tone, word), '  ');
  }
  if (note !== '' && left > 20) parts.push(toned('muted', note));
  return row(...parts);
}

/** The first word of half a row in front of the chosen one, or of less where that one is long. */
function firstShown(words: readonly string[], chosen: number, width: number): number {
  let from = Math.max(0, chosen);
  let left = Math.min(width / 2, width - sizeOf(words[from] ?? '') - 3);
  while (from > 0 && left >= sizeOf(words[from - 1]!)) {
    from--;
    left -= sizeOf(words[from]!);
  }
  return from;
}

function sizeOf(word: string): number {
  return widthOf(clean(word)) + 2;
}
