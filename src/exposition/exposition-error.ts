/** Why a body cannot be read, and where. */
import { quote } from '../labels/labels.ts';

export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** The error at offset `at` of a body of lines. */
export function errorAt(bytes: Uint8Array, at: number, message: string): ExpositionError {
  let line = 1;
  let lineStart = 0;
  const end = Math.min(at, bytes.length);
  for (let i = 0; i < end; i++) {
    if (bytes[i] !== 0x0a) continue;
    line++;
    lineStart = i + 1;
  }
  return new ExpositionError(message, line, end - lineStart + 1);
}

/** `expected …, got "…" while parsing: "…"`: what stands at `at`, and its line from `lineStart`. */
export function unexpected(bytes: Uint8Array, lineStart: number, at: number, expected: string): ExpositionError {
  const end = Math.min(bytes.length, at + 1);
  const got = at >= bytes.length ? '"" ("EOF")' : excerpt(bytes, at, end);
  return errorAt(bytes, at, `${expected}, got ${got} while parsing: ${excerpt(bytes, lineStart, end)}`);
}

/** The bytes as a quoted string, the middle left out where they are many. */
export function excerpt(bytes: Uint8Array, from: number, to: number): string {
  const text = new TextDecoder().decode(bytes.subarray(from, to));
  return quote(text.length > 200 ? `${text.slice(0, 100)}…${text.slice(-100)}` : text);
}
