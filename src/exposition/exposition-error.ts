/** Why a body cannot be read, and where. */
import { isUtf8 } from 'node:buffer';
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
  const all = bytes.subarray(from, to);
  if (all.length <= 200) return quoteBytes(all);
  return `${quoteBytes(all.subarray(0, 100)).slice(0, -1)}…${quoteBytes(all.subarray(-100)).slice(1)}`;
}

/** As `quote`, of bytes that need not be UTF-8: those that are none are escaped one by one. */
export function quoteBytes(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return quote(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((each) => isUtf8(bytes.subarray(at, at + each))) ?? 0;
    if (length === 0) out += `\\x${bytes[at]!.toString(16)}`;
    else out += quoteBytes(bytes.subarray(at, at + length)).slice(1, -1);
    at += length || 1;
  }
  return `"${out}"`;
}
