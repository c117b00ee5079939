/** Value and time axes: ranges that hold whatever comes, and ticks at round numbers of the unit. */
import type { Unit } from '../frame/format.ts';

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Beyond this a value is drawn at the edge: differences of larger ones overflow. */
const LARGEST = 1e300;

/** The range of the finite values (and of the extra ones, such as a threshold), with zero in it where that is near. */
export function valueRange(columns: readonly ArrayLike<number>[], extra: readonly number[] = []): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const column of [...columns, extra]) {
    for (let i = 0; i < column.length; i++) {
      const value = column[i]!;
      if (Number.isNaN(value) || !Number.isFinite(value)) continue;
      const clamped = Math.max(-LARGEST, Math.min(LARGEST, value));
      if (clamped < low) low = clamped;
      if (clamped > high) high = clamped;
    }
  }
  if (low > high) return { low: 0, high: 1 };
  if (low >= 0 && low <= high * 0.7) low = 0;
  if (high <= 0 && high >= low * 0.7) high = 0;
  if (low === high) {
    const air = low === 0 ? 1 : Math.abs(low) * 0.1;
    return { low: low === 0 ? 0 : low - air, high: high + air };
  }
  const air = (high - low) * 0.06;
  return { low: low === 0 ? 0 : low - air, high: high === 0 ? 0 : high + air };
}

const DECIMAL = [1, 2, 5];
const SIXTIES = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/** About `count` round values within the range, in order; two at least, since one alone tells no scale. */
export function valueTicks(range: Range, unit: Unit, count: number): number[] {
  const rough = (range.high - range.low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [range.low];
  for (const finer of [1, 2]) {
    const ticks = multiplesOf(roundStep(rough / finer, unit), range);
    if (ticks.length >= 2) return ticks;
  }
  return multiplesOf(roundStep(rough / 4, unit), range);
}

function multiplesOf(step: number, { low, high }: Range): number[] {
  const ticks: number[] = [];
  const first = Math.ceil(low / step);
  for (let k = first; k * step <= high && ticks.length < 64; k++) ticks.push(k * step);
  return ticks;
}

function roundStep(rough: number, unit: Unit): number {
  if (unit === 'bytes' || unit === 'bytes/s') {
    const power = 1024 ** Math.max(0, Math.floor(Math.log(rough) / Math.log(1024)));
    for (const factor of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
      if (power * factor >= rough) return power * factor;
  }
  if (unit === 'seconds' && rough > 30) {
    const found = SIXTIES.find((step) => step >= rough);
    if (found !== undefined) return found;
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of DECIMAL) if (power * factor >= rough * 0.999) return power * factor;
  return power * 10;
}

const TIME_STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** At most `count` round moments within the window, Unix milliseconds; `offsetMs` is the zone's distance from UTC. */
export function timeTicks(startMs: number, endMs: number, count: number, offsetMs: number): number[] {
  const rough = (endMs - startMs) / 1000 / Math.max(1, count);
  const stepMs = (TIME_STEPS_S.find((step) => step >= rough) ?? Math.ceil(rough / 604_800) * 604_800) * 1000;
  const ticks: number[] = [];
  for (let at = Math.ceil((startMs + offsetMs) / stepMs) * stepMs - offsetMs; at <= endMs; at += stepMs) ticks.push(at);
  return ticks;
}

const POINTS = 240;

/** The step in milliseconds that gives a chart of this window enough points and not more, whole seconds. */
export function stepOf({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return Math.max(1000, Math.ceil((endMs - startMs) / POINTS / 1000) * 1000);
}

/** Samples of a chart of this window that lie further apart, in milliseconds, have no line between them. */
export function gapOf(window: { readonly startMs: number; readonly endMs: number }): number {
  return stepOf(window) * 2.5;
}
