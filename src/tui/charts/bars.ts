/** Small charts made of block characters: sparklines, and columns stacked by level. */
import { type Row, row, type Segment, toned } from '../frame/row.ts';
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

/** `height` rows of one column a stack: layers from the bottom, each in its tone, in eighths of a row; what is there is seen, however little. */
export function stackedRows(stacks: readonly Stack[], tones: readonly Tone[], height: number, theme: Theme): Row[] {
  const blocks = theme.glyphs.ascii ? ['.', ':', '|', '#'] : [...theme.glyphs.spark];
  // Without colours layers cannot be told apart: the sum is shown.
  if (theme.name === 'mono' && tones.length > 1) {
    const sums = stacks.map(({ counts }) => ({ counts: [counts.reduce((sum, count) => sum + count, 0)] }));
    return stackedRows(sums, ['plain'], height, theme);
  }
  const steps = blocks.length;
  const high = Math.max(1, ...stacks.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0)));
  const columns = stacks.map(({ counts }) => edges(counts, high, height * steps));
  return Array.from({ length: height }, (_, y) => {
    const floor = (height - 1 - y) * steps;
    return row(...columns.map((layers) => cell(layers, tones, floor, blocks)));
  });
}

/** The upper edge of each layer in steps from the ground; every layer that counts anything is at least one step high. */
function edges(counts: readonly number[], high: number, steps: number): number[] {
  let sum = 0;
  let edge = 0;
  return counts.map((count) => {
    sum += count;
    if (count > 0) edge = Math.min(steps, Math.max(edge + 1, Math.round((sum / high) * steps)));
    return edge;
  });
}

/** The part of a column between `floor` and the next row: one layer's block, the next layer behind it. */
function cell(layers: readonly number[], tones: readonly Tone[], floor: number, blocks: readonly string[]): Segment {
  const steps = blocks.length;
  const first = layers.findIndex((edge) => edge > floor);
  if (first < 0) return toned('plain', ' ');
  const filled = Math.min(steps, layers[first]! - floor);
  const next = layers.findIndex((edge, i) => i > first && edge > layers[first]!);
  const block = toned(tones[first]!, blocks[filled - 1]!);
  // Three things do not go into one cell: where the next layer ends in it too, it is left out.
  const covers = next >= 0 && layers.at(-1)! >= floor + steps;
  return filled < steps && covers ? { ...block, behind: tones[next]! } : block;
}
