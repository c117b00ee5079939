/** The `[time,"` that stands before each value of a matrix: written once for the steps of a query, and copied from there in words of eight bytes. */
import { writeInteger } from './digit-bytes.ts';
import { timestampText } from './go-text.ts';
import { writeAscii } from './number-bytes.ts';

/** Twelve digits of seconds and what stands around. */
const WORDS_OF_SECONDS = 2;
const LEAST_LONG_MS = 1e15;
/** Any sign, digits and decimals. */
const WORDS_OF_ANY = 4;

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
  #steps: PointStamps | undefined;
  #places = new Int32Array(0);
  #timestamps: Float64Array | undefined;
  #stamps: PointStamps | undefined;

  /** `grid` where the times are steps of a range query. */
  constructor(grid: StepGrid | undefined) {
    this.#grid = grid;
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
    if (this.#grid === undefined) return undefined;
    const { startMs, stepMs } = this.#grid;
    this.#steps ??= stampsOf(timesOf(this.#grid));
    const steps = this.#steps;
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
  const times = new Float64Array(Math.floor((endMs - startMs) / stepMs) + 1);
  for (let step = 0; step < times.length; step++) times[step] = startMs + step * stepMs;
  return times;
}

function stampsOf(times: Float64Array): PointStamps {
  const whole = times.every((time) => time % 1000 === 0 && time >= 0 && time < LEAST_LONG_MS);
  const wordsEach = whole ? WORDS_OF_SECONDS : WORDS_OF_ANY;
  const bytes = new DataView(new ArrayBuffer(times.length * wordsEach * 8));
  const words = new Float64Array(times.length * wordsEach);
  const lengths = new Uint8Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const start = i * wordsEach * 8;
    bytes.setUint8(start, 0x5b);
    const end = whole
      ? writeInteger(bytes, start + 1, times[i]! / 1000)
      : writeAscii(bytes, start + 1, timestampText(times[i]!));
    bytes.setUint16(end, 0x2c22);
    lengths[i] = end + 2 - start;
  }
  // ASCII makes no NaN, whose bits would not be sure to be kept.
  for (let word = 0; word < words.length; word++) words[word] = bytes.getFloat64(word * 8, true);
  return { words, wordsEach, lengths, places: undefined };
}
