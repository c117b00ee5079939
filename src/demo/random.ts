/** Seeded pseudo-random numbers, so that a day in the shop can be replayed the same (mulberry32). */

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number, both ends included. */
  integer(from: number, to: number): number;
  chance(probability: number): boolean;
  /** A latency around `typicalMs` with the long tail that real ones have; never below a third of it. */
  latencyMs(typicalMs: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability) => next() < probability,
    latencyMs: (typicalMs) => typicalMs * (1 / 3 - 0.6 * Math.log(1 - next())),
  };
}
