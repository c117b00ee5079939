/** What a template is executed with: where its output goes, the templates and functions that it may name, and the limits that hold it. */
import type { Tree } from './nodes.ts';
import type { GoFunction } from './values.ts';

/** Where output goes. Text of the template passes as it is, values pass to `value` (an escaping writer differs there). */
export interface Writer {
  text(text: string): void;
  /** `raw` for a writer that knows safe strings; `shown` is how Go prints the value. */
  value(raw: unknown, shown: string): void;
  /** UTF-16 units written so far. */
  readonly length: number;
}

/** What to do about a key that a map does not have. */
export type MissingKey = 'default' | 'zero' | 'error';

export interface Limits {
  /** Nodes evaluated in one execution. */
  readonly steps: number;
  /** UTF-16 units of output. */
  readonly output: number;
  /** Templates within templates. */
  readonly depth: number;
}

export const DEFAULT_LIMITS: Limits = { steps: 5_000_000, output: 16 * 1024 * 1024, depth: 300 };

export interface Environment {
  readonly trees: ReadonlyMap<string, Tree>;
  readonly functions: ReadonlyMap<string, GoFunction>;
  readonly missingKey: MissingKey;
  readonly limits: Limits;
}
