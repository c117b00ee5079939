/** Natural order: runs of digits compare as numbers (`4m5` before `4m600` before `4m1000`). */
import { compareBytes } from '../../labels/compare.ts';

const CHUNK = /[0-9]+|[^0-9]+/g;

export function compareNaturally(a: string, b: string): number {
  const left = a.match(CHUNK) ?? [];
  const right = b.match(CHUNK) ?? [];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i]!;
    const y = right[i]!;
    if (x === y) continue;
    if (isDigits(x) && isDigits(y)) {
      const order = compareDigits(x, y);
      if (order !== 0) return order;
      continue;
    }
    return compareBytes(x, y);
  }
  return left.length - right.length || compareBytes(a, b);
}

function isDigits(chunk: string): boolean {
  return chunk.charCodeAt(0) >= 48 && chunk.charCodeAt(0) <= 57;
}

/** By value, however long; of equal values the one with fewer zeros in front first. */
function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+/, '');
  const y = b.replace(/^0+/, '');
  return x.length - y.length || compareBytes(x, y) || a.length - b.length;
}
