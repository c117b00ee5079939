/** Where in the query a function stands, for its annotations. */
import type { Position } from '../position.ts';
import type { Annotations } from './annotations.ts';

export interface CallSite {
  readonly annotations: Annotations;
  /** The range argument. */
  readonly argument: Position;
  /** From the first argument on. */
  readonly args: Position;
  readonly rangeMs: number;
}

/** A scalar argument: its value at each step. */
export type ScalarColumn = Float64Array;
