/** Prometheus' text format, 0.0.4 and 1.0.0, as Prometheus 3 reads it at a scrape. */
import { isUtf8 } from 'node:buffer';
import type { MetricType } from './exemplar.ts';
import type { ExpositionSink } from './exposition.ts';
import type { ExpositionCache } from './exposition-cache.ts';
import { errorAt, excerpt, quoteBytes, unexpected } from './exposition-error.ts';
import { FloatToken } from './float.ts';
import {
  behindNuls,
  behindWord,
  decoded,
  endOfName,
  isDigit,
  isNameStart,
  LineHead,
  TEXT,
  unescaped,
} from './line-head.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

const TYPES = new Map<string, MetricType>([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
]);
const TYPE_LIST = [...TYPES.values()];
/** The number that a line of metadata has in the cache where it is no type. */
const NO_TYPE = -1;

/** Throws ExpositionError. */
export function parseText(body: Uint8Array, sink: ExpositionSink, cache: ExpositionCache | undefined): void {
  new TextParser(terminated(body), sink, cache).parse();
}

class TextParser {
  readonly #bytes: Uint8Array;
  readonly #sink: ExpositionSink;
  readonly #cache: ExpositionCache | undefined;
  readonly #head = new LineHead(TEXT);
  readonly #float = new FloatToken();
  #type: MetricType = 'unknown';

  constructor(bytes: Uint8Array, sink: ExpositionSink, cache: ExpositionCache | undefined) {
    this.#bytes = bytes;
    this.#sink = sink;
    this.#cache = cache;
  }

  parse(): void {
    const bytes = this.#bytes;
    const end = bytes.length;
    for (let at = 0; at < end; ) {
      const entry = this.#cache === undefined ? -1 : this.#cache.expected(bytes, at);
      if (entry >= 0) {
        const behind = at + this.#cache!.length(entry);
        if (bytes[at] === HASH) {
          this.#cache!.take(entry);
          this.#remember(this.#cache!.number(entry));
          at = behind;
          continue;
        }
        if (bytes[behind - 1] === BRACE_CLOSE || this.#endsName(behind)) {
          this.#cache!.take(entry);
          at = this.#rest(at, behind, this.#cache!.number(entry));
          continue;
        }
      }
      at = this.#line(at);
      if (at < 0) return;
    }
  }

  /** Reads a line that is not the expected one; gives where the next begins, −1 where the body ends early. */
  #line(lineStart: number): number {
    const bytes = this.#bytes;
    let at = lineStart;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const byte = bytes[at];
    if (byte === NEWLINE) return at + 1;
    // Prometheus' lexer takes a NUL here for the end.
    if (byte === 0) return -1;
    if (byte === HASH) return this.#comment(lineStart, at);
    const behind = this.#head.read(bytes, lineStart);
    const cache = this.#cache;
    const entry = cache === undefined ? -1 : cache.find(bytes, lineStart, behind);
    if (entry < 0) return this.#rest(lineStart, behind, undefined);
    cache!.take(entry);
    return this.#rest(lineStart, behind, cache!.number(entry));
  }

  /** The number of the series whose head was just read. */
  #newSeries(from: number, to: number): number {
    const { labels, duplicate, empty } = this.#head.labels(this.#type);
    const number = this.#sink.series(labels, duplicate, empty);
    this.#cache?.take(this.#cache.add(this.#bytes, from, to, number));
    return number;
  }

  /** Value and timestamp; gives where the next line begins. Without a number the series is a new one, to be made once the line is known to be good. */
  #rest(lineStart: number, from: number, known: number | undefined): number {
    const bytes = this.#bytes;
    let at = from;
    let byte = bytes[at]!;
    while (byte === SPACE || byte === TAB) byte = bytes[++at]!;
    const valueFrom = at;
    while (byte > SPACE ? byte !== BRACE_OPEN : byte !== SPACE && byte !== TAB && byte !== NEWLINE && byte !== 0) {
      byte = bytes[++at]!;
    }
    if (at === valueFrom) throw unexpected(bytes, lineStart, at, 'expected value after metric');
    if (!this.#float.read(bytes, valueFrom, at)) {
      throw errorAt(bytes, valueFrom, `${this.#float.message} while parsing: ${excerpt(bytes, lineStart, at)}`);
    }
    while (byte === SPACE || byte === TAB) byte = bytes[++at]!;
    if (byte === NEWLINE) {
      this.#sink.sample(known ?? this.#newSeries(lineStart, from), this.#float.value, undefined, undefined);
      return at + 1;
    }
    const timeFrom = at;
    let timestampMs = 0;
    for (; isDigit(byte); byte = bytes[++at]!) timestampMs = timestampMs * 10 + byte - 48;
    if (at === timeFrom) throw unexpected(bytes, lineStart, at, 'expected timestamp or new record');
    if (at - timeFrom > 18) checkInteger(bytes, lineStart, timeFrom, at);
    while (byte === SPACE || byte === TAB) byte = bytes[++at]!;
    if (byte !== NEWLINE) throw unexpected(bytes, lineStart, at, 'expected next entry after timestamp');
    this.#sink.sample(known ?? this.#newSeries(lineStart, from), this.#float.value, timestampMs, undefined);
    return at + 1;
  }

  /** Whether a head without labels really ends here: neither the name goes on nor do labels follow. */
  #endsName(at: number): boolean {
    const bytes = this.#bytes;
    if (bytes[at] !== SPACE && bytes[at] !== TAB) return false;
    let next = at + 1;
    while (bytes[next] === SPACE || bytes[next] === TAB) next++;
    return bytes[next] !== BRACE_OPEN;
  }

  #comment(lineStart: number, hash: number): number {
    const bytes = this.#bytes;
    let lineEnd = bytes.indexOf(NEWLINE, hash);
    const blank = bytes[hash + 1] === SPACE || bytes[hash + 1] === TAB;
    // Here too a NUL ends the body: anywhere, or behind blanks only where they are followed by it.
    let text = hash + 1;
    while (bytes[text] === SPACE || bytes[text] === TAB) text++;
    if (bytes[text] === 0 || (!blank && bytes.subarray(hash, lineEnd).includes(0))) return -1;
    lineEnd++;
    const cache = this.#cache;
    const known = cache === undefined ? -1 : cache.find(bytes, lineStart, lineEnd);
    if (known >= 0) {
      cache!.take(known);
      this.#remember(cache!.number(known));
      return lineEnd;
    }
    const type = blank ? this.#metadata(lineStart, hash + 1, lineEnd - 1) : NO_TYPE;
    this.#remember(type);
    if (lineStart === hash) cache?.take(cache.add(bytes, lineStart, lineEnd, type));
    return lineEnd;
  }

  #remember(type: number): void {
    if (type !== NO_TYPE) this.#type = TYPE_LIST[type]!;
  }

  /** A line that may be `HELP` or `TYPE`; gives the number of the type. */
  #metadata(lineStart: number, from: number, lineEnd: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const help = behindWord(bytes, at, 'HELP');
    const word = help < 0 ? 'TYPE' : 'HELP';
    at = help < 0 ? behindWord(bytes, at, 'TYPE') : help;
    if (at < 0 || (bytes[at] !== SPACE && bytes[at] !== TAB)) return NO_TYPE;
    while (bytes[at] === SPACE || bytes[at] === TAB) at = behindNuls(bytes, at + 1);
    const family = familyName(bytes, at, lineStart, word);
    at = family.end;
    if (bytes[at] === 0) throw unexpected(bytes, lineStart, at, 'linebreak expected after metadata');
    // The lexer takes the rest of the line with its first byte, whatever that is, and drops that; a rest of blanks is nothing.
    const rest = bytes.subarray(at, lineEnd).every((byte) => byte === SPACE || byte === TAB) ? lineEnd : at + 1;
    if (word === 'TYPE') {
      const text = decoded(bytes, rest, lineEnd);
      const type = TYPES.get(text);
      if (type === undefined)
        throw errorAt(bytes, rest, `invalid metric type ${quoteBytes(bytes.subarray(rest, lineEnd))}`);
      this.#sink.metadata(family.name, 'type', type);
      return TYPE_LIST.indexOf(type);
    }
    if (!isUtf8(bytes.subarray(rest, lineEnd))) {
      throw errorAt(bytes, rest, `help text ${excerpt(bytes, rest, lineEnd)} is not a valid utf8 string`);
    }
    const text = decoded(bytes, rest, lineEnd);
    this.#sink.metadata(
      family.name,
      'help',
      text.replace(/\\([\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c)),
    );
    return NO_TYPE;
  }
}

/** The metric name of a line of metadata, quoted or not. */
export function familyName(
  bytes: Uint8Array,
  from: number,
  lineStart: number,
  word: string,
): { readonly name: string; readonly end: number } {
  if (isNameStart(bytes[from])) {
    const end = endOfName(bytes, from);
    return { name: decoded(bytes, from, end), end };
  }
  if (bytes[from] === 0x22) {
    for (let at = from + 1; at < bytes.length && bytes[at] !== 0; at++) {
      if (bytes[at] === 0x22) return { name: unescaped(decoded(bytes, from + 1, at)), end: at + 1 };
      if (bytes[at] === 0x5c && bytes[++at] === NEWLINE) break;
    }
  }
  throw unexpected(bytes, lineStart, from, `expected metric name after ${word}`);
}

/** The body with a newline at its end. */
function terminated(body: Uint8Array): Uint8Array {
  if (body.length > 0 && body[body.length - 1] === NEWLINE) return body;
  const bytes = new Uint8Array(body.length + 1);
  bytes.set(body);
  bytes[body.length] = NEWLINE;
  return bytes;
}

/** Refuses digits that are beyond 64 bits. */
function checkInteger(bytes: Uint8Array, lineStart: number, from: number, to: number): void {
  const digits = decoded(bytes, from, to);
  if (BigInt(digits) < 2n ** 63n) return;
  const line = excerpt(bytes, lineStart, to);
  throw errorAt(bytes, from, `strconv.ParseInt: parsing "${digits}": value out of range while parsing: ${line}`);
}
