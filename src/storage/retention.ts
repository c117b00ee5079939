/** The moment before which chunks must go so that a number of bytes is won back. */
import { type ChunkTable, HISTOGRAMS, KEPT } from './chunk-table.ts';

const STEPS = 512;

/** Undefined where nothing has to go, or nothing can: imported chunks stay. Wins a tenth more than asked, so that not every call has to drop. */
export function budgetHorizon(table: ChunkTable, chunks: Iterable<number>, excessBytes: number): number | undefined {
  if (excessBytes <= 0) return undefined;
  const candidates: number[] = [];
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (const chunk of chunks) {
    if ((table.flags[chunk]! & KEPT) !== 0) continue;
    candidates.push(chunk);
    oldest = Math.min(oldest, table.maxTime[chunk]!);
    newest = Math.max(newest, table.maxTime[chunk]!);
  }
  if (candidates.length === 0) return undefined;
  const width = Math.max(1, (newest - oldest) / STEPS);
  const bytes = new Float64Array(STEPS + 1);
  for (const chunk of candidates) bytes[Math.floor((table.maxTime[chunk]! - oldest) / width)]! += sizeOf(table, chunk);
  let won = 0;
  for (let step = 0; step <= STEPS; step++) {
    won += bytes[step]!;
    if (won >= excessBytes * 1.1) return oldest + (step + 1) * width;
  }
  return newest + 1;
}

function sizeOf(table: ChunkTable, chunk: number): number {
  const block = table.encoding[chunk] === HISTOGRAMS ? table.histograms.get(chunk)!.bytes.length : 0;
  return table.units[chunk]! * 16 + block + 46;
}
