/** Small charts made of block characters: sparklines, and columns stacked by level. */
import { type Row, row, toned } from '../frame/row.ts';
import type { Theme, Tone } from '../theme.ts';

/** One row of `width` columns: each column the largest of its values, blank where there is none. */
export function sparkRow(values: ArrayLike<number>, width: number, tone: Tone, theme: Theme): Row {
  const blocks = [...theme.glyphs.spark];
  const shrunk = shrink(values, width);
  let high = 0;
  for (const value of shrunk) if (Number.isFinite(value) && value > high) high = value;
  const text = shrunk
    .map((value) => {
      if (Number.isNaN(value)) return ' ';
      if (high === 0) return blocks[0]!;
      return blocks[Math.max(0, Math.min(blocks.length - 1, Math.round((value / high) * (blocks.length - 1))))]!;
    })
    .join('');
  return row(toned(tone, text.padStart(width)));
}

function shrink(values: ArrayLike<number>, width: number): number[] {
  const columns = Math.min(width, values.length);
  return Array.from({ length: columns }, (_, x) => {
    const from = Math.floor((x * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((x + 1) * values.length) / columns));
    let largest = Number.NaN;
    for (let i = from; i < to; i++) {
      const value = values[i]!;
      if (!Number.isNaN(value) && !(value <= largest)) largest = value;
    }
    return largest;
  });
}

export interface Stack {
  /** From the bottom up, one count for each layer. */
  readonly counts: readonly number[];
}

/** `height` rows of one column a stack: layers from the bottom, each in its tone, in eighths of a row. */
export function stackedRows(stacks: readonly Stack[], tones: readonly Tone[], height: number, theme: Theme): Row[] {
  const totals = stacks.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  const high = Math.max(1, ...totals);
  const blocks = theme.glyphs.ascii ? ['.', ':', '|', '#'] : [...theme.glyphs.spark];
  const rows: Row[] = [];
  for (let y = 0; y < height; y++) {
    const floor = height - 1 - y;
    rows.push(
      row(
        ...stacks.map(({ counts }, x) => {
          const top = (totals[x]! / high) * height;
          const filled = Math.min(1, top - floor);
          if (totals[x] === 0 || filled <= 0) return toned('plain', ' ');
          const eighth = Math.max(0, Math.min(blocks.length - 1, Math.ceil(filled * blocks.length) - 1));
          return toned(toneAt(counts, tones, floor + Math.min(filled, 0.5), high, height), blocks[eighth]!);
        }),
      ),
    );
  }
  return rows;
}

/** The layer at a height; a layer that has anything shows at least in the lowest row. */
function toneAt(counts: readonly number[], tones: readonly Tone[], at: number, high: number, height: number): Tone {
  let sum = 0;
  for (const [layer, count] of counts.entries()) {
    if (count === 0) continue;
    sum += (count / high) * height;
    if (at < Math.max(sum, layer < counts.length - 1 && at < 1 ? 0.51 : 0)) return tones[layer]!;
  }
  return tones[counts.findLastIndex((count) => count > 0)] ?? 'muted';
}
