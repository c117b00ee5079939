/** One reading of one configuration file: what was found wrong, and what the whole file shares. */
import type { Problem } from './problem.ts';
import type { SourcePlace } from './prometheus-config.ts';

export const FAILED: unique symbol = Symbol('failed');
export type Failed = typeof FAILED;

/** One reading of one file: what was found, and what the whole file shares. */
export class Reading {
  readonly file: string;
  /** Relative paths start here. */
  readonly directory: string;
  readonly problems: Problem[] = [];
  /** Spans of the text that hold secrets, and what to print instead. */
  readonly secrets: { readonly span: readonly [number, number]; readonly shown: string }[] = [];
  /** Unknown fields are warnings, not errors. */
  ignoresUnknownFields = false;
  /** Entries without a key are left out, as by the YAML library of rule files; else the key is an empty text. */
  ignoresNullKeys = false;
  #steps = 0;

  constructor(file: string, directory: string) {
    this.file = file;
    this.directory = directory;
  }

  fail(place: SourcePlace, message: string): Failed {
    const known = this.problems.some(
      (each) => each.line === place.line && each.column === place.column && each.message === message,
    );
    if (!known) this.problems.push({ ...place, message, severity: 'error' });
    return FAILED;
  }

  warn(place: SourcePlace, message: string): void {
    this.problems.push({ ...place, message, severity: 'warning' });
  }

  /** Aliases can make a small text huge: past a bound reading ends. */
  step(place: SourcePlace): boolean {
    if (++this.#steps <= MOST_VALUES) return true;
    if (this.#steps === MOST_VALUES + 1) this.fail(place, 'document contains excessive aliasing: write it out');
    return false;
  }
}

const MOST_VALUES = 2_000_000;
