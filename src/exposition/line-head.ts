/** The head of a sample line, name and labels, as Prometheus' lexers for the text format and for OpenMetrics read it. */
import { isUtf8 } from 'node:buffer';
import { compareBytes } from '../labels/compare.ts';
import { Labels, METRIC_NAME } from '../labels/labels.ts';
import type { MetricType } from './exemplar.ts';
import { errorAt, excerpt, unexpected } from './exposition-error.ts';
import { formatOpenMetricsFloat, parseGoFloat } from './float.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUAL = 0x3d;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** What the formats differ in. */
export interface HeadGrammar {
  /** Blanks may stand between any two tokens, and commas between labels may be left out. */
  readonly loose: boolean;
  /** A label value may go over several lines. */
  readonly newlineInValue: boolean;
}

export const TEXT: HeadGrammar = { loose: true, newlineInValue: true };
export const OPENMETRICS: HeadGrammar = { loose: false, newlineInValue: false };

/** One head read, as offsets into the body; used again for every line. */
export class LineHead {
  readonly #grammar: HeadGrammar;
  #bytes: Uint8Array = new Uint8Array(0);
  #lineStart = 0;
  #nameFrom = -1;
  #nameTo = -1;
  /** Four offsets a label: name and value, each from and to. */
  #offsets: number[] = [];

  constructor(grammar: HeadGrammar) {
    this.#grammar = grammar;
  }

  /** Reads name and labels from the start of a line; gives the offset behind them. Throws ExpositionError. */
  read(bytes: Uint8Array, lineStart: number): number {
    this.#begin(bytes, lineStart);
    let at = this.#blanks(lineStart);
    if (isNameStart(bytes[at])) {
      // A name that blanks precede has them in it: Prometheus takes the line from its start.
      this.#nameFrom = lineStart;
      at = endOfName(bytes, at);
      this.#nameTo = at;
      const open = this.#blanks(at);
      return bytes[open] === BRACE_OPEN ? this.#labels(open + 1, false) : at;
    }
    if (bytes[at] !== BRACE_OPEN) throw unexpected(bytes, lineStart, at, 'expected a valid start token');
    at = this.#labels(at + 1, false);
    if (this.#nameFrom < 0) {
      throw errorAt(bytes, lineStart, `metric name not set while parsing: ${excerpt(bytes, lineStart, at)}`);
    }
    return at;
  }

  /** Reads the labels of an exemplar, from behind their opening brace. */
  readExemplar(bytes: Uint8Array, lineStart: number, from: number): number {
    this.#begin(bytes, lineStart);
    return this.#labels(from, true);
  }

  /** The labels read last. `le` of histograms and `quantile` of summaries are normalised as OpenMetrics writes them. */
  labels(type: MetricType): LineLabels {
    const bytes = this.#bytes;
    const pairs: [string, string][] = [];
    if (this.#nameFrom >= 0) pairs.push([METRIC_NAME, this.#text(this.#nameFrom, this.#nameTo)]);
    const normalised = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined;
    for (let i = 0; i < this.#offsets.length; i += 4) {
      const name = this.#text(this.#offsets[i]!, this.#offsets[i + 1]!);
      let value = unescaped(decoded(bytes, this.#offsets[i + 2]!, this.#offsets[i + 3]!));
      if (name === normalised) {
        const number = parseGoFloat(value);
        if (number !== undefined) value = formatOpenMetricsFloat(number);
      }
      pairs.push([name, value]);
    }
    return sortedLabels(pairs);
  }

  #begin(bytes: Uint8Array, lineStart: number): void {
    this.#bytes = bytes;
    this.#lineStart = lineStart;
    this.#nameFrom = -1;
    this.#offsets.length = 0;
  }

  #labels(from: number, isExemplar: boolean): number {
    const bytes = this.#bytes;
    let at = this.#blanks(from);
    for (;;) {
      if (bytes[at] === BRACE_CLOSE) return at + 1;
      const quoted = bytes[at] === QUOTE;
      const nameFrom = at;
      const nameTo = quoted ? this.#endOfString(at, 'expected label name') : endOfLabelName(bytes, at);
      if (nameTo === nameFrom) this.#fail(at, 'expected label name');
      at = this.#blanks(nameTo);
      if (quoted && !isExemplar && (bytes[at] === COMMA || bytes[at] === BRACE_CLOSE)) {
        if (this.#nameFrom >= 0) {
          const line = excerpt(bytes, this.#lineStart, at + 1);
          throw errorAt(bytes, nameFrom, `metric name already set while parsing: ${line}`);
        }
        this.#nameFrom = nameFrom + 1;
        this.#nameTo = nameTo - 1;
        if (bytes[at] === BRACE_CLOSE) return at + 1;
        at = this.#blanks(at + 1);
        continue;
      }
      if (bytes[at] !== EQUAL) this.#fail(at, 'expected equal');
      const valueFrom = this.#blanks(at + 1);
      if (bytes[valueFrom] !== QUOTE) this.#fail(valueFrom, 'expected label value');
      const valueTo = this.#endOfValue(valueFrom, isExemplar);
      if (!isUtf8(bytes.subarray(valueFrom, valueTo))) {
        throw errorAt(bytes, valueFrom, `invalid UTF-8 label value: ${excerpt(bytes, valueFrom, valueTo)}`);
      }
      const trim = quoted ? 1 : 0;
      this.#offsets.push(nameFrom + trim, nameTo - trim, valueFrom + 1, valueTo - 1);
      at = this.#blanks(valueTo);
      if (bytes[at] === COMMA) at = this.#blanks(at + 1);
      else if (!this.#grammar.loose && bytes[at] !== BRACE_CLOSE) this.#fail(at, 'expected comma or brace close');
    }
  }

  /** Behind the closing quote of a quoted name, which has no NUL. */
  #endOfString(from: number, expected: string): number {
    const bytes = this.#bytes;
    for (let at = from + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return at + 1;
      if (byte === 0) break;
      if (byte === BACKSLASH) {
        at++;
        if (bytes[at] === NEWLINE || bytes[at] === 0) break;
      }
    }
    return this.#fail(from, expected);
  }

  /** Prometheus' lexers skip NULs in a value wherever they stand, even behind its closing quote, which then is part of the value. */
  #endOfValue(from: number, isExemplar: boolean): number {
    const bytes = this.#bytes;
    for (let at = from + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return isExemplar ? at + 1 : behindNuls(bytes, at + 1);
      if (byte === NEWLINE && !this.#grammar.newlineInValue) break;
      if (byte === 0 && isExemplar) break;
      if (byte === BACKSLASH) {
        at = isExemplar ? at + 1 : behindNuls(bytes, at + 1);
        if (bytes[at] === NEWLINE || bytes[at] === 0) break;
      }
    }
    return this.#fail(from, 'expected label value');
  }

  #blanks(from: number): number {
    let at = from;
    if (this.#grammar.loose) while (this.#bytes[at] === SPACE || this.#bytes[at] === TAB) at++;
    return at;
  }

  /** A name, which has to be UTF-8 and not empty where it is a label's. */
  #text(from: number, to: number): string {
    const bytes = this.#bytes;
    if (!isUtf8(bytes.subarray(from, to))) {
      throw errorAt(bytes, from, `invalid metric name or label names: ${excerpt(bytes, this.#lineStart, to)}`);
    }
    return unescaped(decoded(bytes, from, to));
  }

  #fail(at: number, expected: string): never {
    throw unexpected(this.#bytes, this.#lineStart, at, expected);
  }
}

export interface LineLabels {
  readonly labels: Labels;
  /** A name that the line has twice. */
  readonly duplicate: string | undefined;
  /** Names that the line gives an empty value. */
  readonly empty: readonly string[] | undefined;
}

/** Of pairs in any order; empty values are left out, with every other value of the same name. */
export function sortedLabels(pairs: [string, string][]): LineLabels {
  let sorted = true;
  let empty: string[] | undefined;
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i]![1] === '') empty = [...(empty ?? []), pairs[i]![0]];
    if (i > 0 && compareBytes(pairs[i - 1]![0], pairs[i]![0]) >= 0) sorted = false;
  }
  let kept = pairs;
  if (empty !== undefined) kept = pairs.filter(([name]) => !empty.includes(name));
  let duplicate: string | undefined;
  if (!sorted) {
    kept = kept.toSorted((a, b) => compareBytes(a[0], b[0]));
    duplicate = kept.find(([name], i) => i > 0 && kept[i - 1]![0] === name)?.[0];
    if (duplicate !== undefined) kept = kept.filter(([name], i) => kept[i + 1]?.[0] !== name);
  }
  const labels = Labels.fromSorted(
    kept.map(([name]) => name),
    kept.map(([, value]) => value),
  );
  return { labels, duplicate, empty };
}

/** The bytes as text; they are known to be UTF-8. */
export function decoded(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

/** `\\`, `\"` and `\n` replaced; any other backslash stays. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\"n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** The offset of the next byte that is no NUL. */
export function behindNuls(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0) at++;
  return at;
}

/** Behind the word, NULs after each of its letters being skipped; −1 where it does not stand there. */
export function behindWord(bytes: Uint8Array, from: number, word: string): number {
  let at = from;
  for (let i = 0; i < word.length; i++) {
    if (bytes[at] !== word.charCodeAt(i)) return -1;
    at = behindNuls(bytes, at + 1);
  }
  return at;
}

/** `[a-zA-Z_:]`. */
export function isNameStart(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte === 0x3a)
  );
}

/** Behind a name that begins at `from`. */
export function endOfName(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (isNameStart(bytes[at]) || isDigit(bytes[at])) at++;
  return at;
}

/** Behind a label name; `from` itself where there is none. */
function endOfLabelName(bytes: Uint8Array, from: number): number {
  let at = from;
  if (!isNameStart(bytes[at]) || bytes[at] === 0x3a) return at;
  while ((isNameStart(bytes[at]) && bytes[at] !== 0x3a) || isDigit(bytes[at])) at++;
  return at;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
