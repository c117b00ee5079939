/** The `[time,"` that stands before each value of a matrix: written once for the steps of a query, and copied from there in words of eight bytes. */
import { timestampText } from './go-text.ts';

export interface PointStamps {
  /** The bytes of each stamp, in `wordsEach` words; what is beyond its length means nothing. */
  readonly words: Float64Array;
  readonly wordsEach: number;
  readonly lengths: Uint8Array;
  /** Which stamp each point has; undefined: they are in order. */
  readonly places: Int32Array | undefined;
}

/** The steps of a range query. */
export interface StepGrid {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** The stamps of one series after another; those of a series are good until the next is asked for. */
export class StampMaker {
  readonly #grid: StepGrid | undefined;
  readonly #steps: PointStamps | undefined;
  #places = new Int32Array(0);
  #timestamps: Float64Array | undefined;
  #stamps: PointStamps | undefined;

  /** `grid` where the times are steps of a range query. */
  constructor(grid: StepGrid | undefined) {
    this.#grid = grid;
    if (grid) this.#steps = stampsOf(timesOf(grid));
  }

  of(timestamps: Float64Array): PointStamps {
    // Series that have all steps mostly share the array of their times.
    if (this.#stamps !== undefined && timestamps === this.#timestamps) return this.#stamps;
    this.#timestamps = timestamps;
    this.#stamps = this.#ofSteps(timestamps) ?? stampsOf(timestamps);
    return this.#stamps;
  }

  /** Undefined where not all of the times are steps. */
  #ofSteps(timestamps: Float64Array): PointStamps | undefined {
    const steps = this.#steps;
    if (steps === undefined) return undefined;
    const { startMs, stepMs } = this.#grid!;
    const last = steps.lengths.length - 1;
    if (this.#places.length < timestamps.length) this.#places = new Int32Array(timestamps.length);
    const places = this.#places;
    for (let i = 0; i < timestamps.length; i++) {
      const step = (timestamps[i]! - startMs) / stepMs;
      if (!(step >= 0 && step <= last)) return undefined;
      places[i] = step;
      if (places[i] !== step) return undefined;
    }
    return { ...steps, places };
  }
}

function timesOf({ startMs, endMs, stepMs }: StepGrid): Float64Array {
  return Float64Array.from(
    { length: Math.floor((endMs - startMs) / stepMs) + 1 },
    (_, step) => startMs + step * stepMs,
  );
}

function stampsOf(times: Float64Array): PointStamps {
  const texts = Array.from(times, (time) => `[${timestampText(time)},"`);
  const wordsEach = Math.ceil(texts.reduce((most, text) => Math.max(most, text.length), 0) / 8);
  const bytes = Buffer.alloc(texts.length * wordsEach * 8);
  for (const [i, text] of texts.entries()) bytes.write(text, i * wordsEach * 8, 'latin1');
  const words = new Float64Array(texts.length * wordsEach);
  // ASCII makes no NaN, whose bits would not be sure to be kept.
  for (let word = 0; word < words.length; word++) words[word] = bytes.readDoubleLE(word * 8);
  return { words, wordsEach, lengths: Uint8Array.from(texts, (text) => text.length), places: undefined };
}
