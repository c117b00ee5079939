/** The moment before which chunks must go so that a number of bytes is won back. */
import { type ChunkTable, HISTOGRAMS, KEPT } from './chunk-table.ts';

const STEPS = 512;

/**
 * Undefined where nothing has to go, or nothing can: imported chunks stay. The bytes of a chunk count as spread evenly over its time.
 * Wins a tenth more than asked, so that not every call has to drop, but leaves what is from `keepFromMs` on.
 */
export function budgetHorizon(
  table: ChunkTable,
  chunks: Iterable<number>,
  excessBytes: number,
  keepFromMs: number,
): number | undefined {
  if (excessBytes <= 0) return undefined;
  const candidates: number[] = [];
  let oldest = Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    if ((table.flags[chunk]! & KEPT) !== 0) continue;
    candidates.push(chunk);
    oldest = Math.min(oldest, table.minTime[chunk]!);
  }
  if (candidates.length === 0 || oldest >= keepFromMs) return undefined;
  const width = (keepFromMs - oldest) / STEPS;
  const bytes = new Float64Array(STEPS);
  for (const chunk of candidates) {
    const first = Math.floor((table.minTime[chunk]! - oldest) / width);
    const last = Math.floor((table.maxTime[chunk]! - oldest) / width);
    const share = sizeOf(table, chunk) / (last - first + 1);
    for (let step = first; step <= last && step < STEPS; step++) bytes[step]! += share;
  }
  let won = 0;
  for (let step = 0; step < STEPS; step++) {
    won += bytes[step]!;
    if (won >= excessBytes * 1.1) return oldest + (step + 1) * width;
  }
  return keepFromMs;
}

function sizeOf(table: ChunkTable, chunk: number): number {
  const block = table.encoding[chunk] === HISTOGRAMS ? table.histograms.get(chunk)!.bytes.length : 0;
  return table.units[chunk]! * 16 + block + 46;
}
