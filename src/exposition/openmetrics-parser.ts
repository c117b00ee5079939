/** OpenMetrics 1.0 text, as Prometheus 3 reads it at a scrape. */
import { isUtf8 } from 'node:buffer';
import { quote } from '../labels/labels.ts';
import type { Exemplar, MetricType } from './exemplar.ts';
import type { ExpositionSink } from './exposition.ts';
import type { ExpositionCache } from './exposition-cache.ts';
import { errorAt, excerpt, quoteBytes, unexpected } from './exposition-error.ts';
import { FloatToken } from './float.ts';
import { behindNuls, behindWord, decoded, LineHead, OPENMETRICS, unescaped } from './line-head.ts';
import type { StartTimestamps } from './start-timestamps.ts';
import { familyName } from './text-parser.ts';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

const TYPES: readonly MetricType[] = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
];
const NO_TYPE = -1;
const NO_EOF = 'data does not end with # EOF';

/** With `startTimestamps`, `_created` lines give these, and no series. Throws ExpositionError. */
export function parseOpenMetrics(
  bytes: Uint8Array,
  sink: ExpositionSink,
  cache: ExpositionCache | undefined,
  startTimestamps: StartTimestamps | undefined,
): void {
  new OpenMetricsParser(bytes, sink, cache, startTimestamps).parse();
}

class OpenMetricsParser {
  readonly #bytes: Uint8Array;
  readonly #sink: ExpositionSink;
  readonly #cache: ExpositionCache | undefined;
  readonly #starts: StartTimestamps | undefined;
  readonly #head = new LineHead(OPENMETRICS);
  readonly #exemplarHead = new LineHead(OPENMETRICS);
  readonly #float = new FloatToken();
  #type: MetricType = 'unknown';
  /** Of the line that is read. */
  #exemplar: Exemplar | undefined;

  constructor(
    bytes: Uint8Array,
    sink: ExpositionSink,
    cache: ExpositionCache | undefined,
    starts: StartTimestamps | undefined,
  ) {
    this.#bytes = bytes;
    this.#sink = sink;
    this.#cache = cache;
    this.#starts = starts;
    starts?.begin(bytes);
  }

  parse(): void {
    const bytes = this.#bytes;
    for (let at = 0; ; ) {
      if (at >= bytes.length) throw errorAt(bytes, at, NO_EOF);
      const entry = this.#cache === undefined ? -1 : this.#cache.expected(bytes, at);
      if (entry >= 0) {
        const behind = at + this.#cache!.length(entry);
        if (bytes[at] === HASH) {
          this.#cache!.take(entry);
          this.#remember(this.#cache!.number(entry));
          at = behind;
          continue;
        }
        if (bytes[behind - 1] === BRACE_CLOSE || bytes[behind] === SPACE) {
          this.#cache!.take(entry);
          at = this.#rest(at, behind, this.#cache!.number(entry));
          continue;
        }
      }
      if (bytes[at] === HASH) {
        if (this.#isEnd(at)) return;
        at = this.#metadata(at);
      } else {
        at = this.#sampleLine(at);
      }
    }
  }

  #sampleLine(lineStart: number): number {
    const bytes = this.#bytes;
    const behind = this.#head.read(bytes, lineStart);
    const cache = this.#cache;
    const known = cache === undefined ? -1 : cache.find(bytes, lineStart, behind);
    if (known >= 0) {
      cache!.take(known);
      return this.#rest(lineStart, behind, cache!.number(known));
    }
    return this.#rest(lineStart, behind, undefined);
  }

  /** The number of the series whose head was just read; undefined where the line is no series. */
  #newSeries(from: number, to: number): number | undefined {
    const { labels, duplicate, empty } = this.#head.labels(this.#type);
    if (this.#starts?.isCreated(labels) === true) return undefined;
    const number = this.#sink.series(labels, duplicate, empty);
    this.#starts?.add(number, labels);
    this.#cache?.take(this.#cache.add(this.#bytes, from, to, number));
    return number;
  }

  /** Value, timestamp and exemplar; gives where the next line begins. Without a number the series is a new one, to be made once the line is known to be good. */
  #rest(lineStart: number, from: number, known: number | undefined): number {
    const bytes = this.#bytes;
    let at = this.#token(lineStart, from, 'expected value after metric');
    this.#number(lineStart, from + 1, at);
    const value = this.#float.value;
    let timestampMs: number | undefined;
    if (at >= bytes.length) throw errorAt(bytes, at, NO_EOF);
    if (bytes[at] === SPACE && !this.#isExemplar(at)) {
      const timeFrom = at + 1;
      at = this.#token(lineStart, at, 'expected timestamp or new record');
      timestampMs = this.#time(lineStart, timeFrom, at, 'timestamp');
    }
    this.#exemplar = undefined;
    if (this.#isExemplar(at)) at = this.#readExemplar(lineStart, at + 4);
    if (bytes[at] !== NEWLINE) {
      if (at >= bytes.length && timestampMs === undefined) throw errorAt(bytes, at, NO_EOF);
      throw unexpected(bytes, lineStart, at, 'expected next entry after timestamp');
    }
    const series = known ?? this.#newSeries(lineStart, from);
    if (series === undefined) return at + 1;
    this.#sink.sample(series, value, timestampMs, this.#starts?.of(series));
    if (this.#exemplar !== undefined) this.#sink.exemplar(series, this.#exemplar);
    return at + 1;
  }

  /** Exemplar labels from behind their brace, value and timestamp; gives the offset of what follows. */
  #readExemplar(lineStart: number, from: number): number {
    const bytes = this.#bytes;
    const valueFrom = this.#exemplarHead.readExemplar(bytes, lineStart, from);
    let at = this.#token(lineStart, valueFrom, 'expected value after exemplar labels');
    this.#number(lineStart, valueFrom + 1, at);
    const value = this.#float.value;
    let timestampMs: number | undefined;
    if (at >= bytes.length) throw errorAt(bytes, at, NO_EOF);
    if (bytes[at] === SPACE) {
      const timeFrom = at + 1;
      at = this.#token(lineStart, at, 'expected timestamp or comment');
      timestampMs = this.#time(lineStart, timeFrom, at, 'exemplar timestamp');
    }
    if (bytes[at] !== NEWLINE) throw unexpected(bytes, lineStart, at, 'expected next entry after exemplar timestamp');
    this.#exemplar = { labels: this.#exemplarHead.labels('unknown').labels, value, timestampMs };
    return at;
  }

  /** Behind a token that one space precedes. */
  #token(lineStart: number, from: number, expected: string): number {
    const bytes = this.#bytes;
    if (bytes[from] !== SPACE) throw unexpected(bytes, lineStart, from, expected);
    let at = from + 1;
    for (let byte = bytes[at]; byte !== undefined && byte !== SPACE && byte !== NEWLINE && byte !== 0; )
      byte = bytes[++at];
    if (at === from + 1) throw unexpected(bytes, lineStart, at, expected);
    return at;
  }

  #number(lineStart: number, from: number, to: number): void {
    if (this.#float.read(this.#bytes, from, to)) return;
    const line = excerpt(this.#bytes, lineStart, to);
    throw errorAt(this.#bytes, from, `${this.#float.message} while parsing: ${line}`);
  }

  /** Seconds as written, milliseconds as stored. */
  #time(lineStart: number, from: number, to: number, what: string): number {
    this.#number(lineStart, from, to);
    const seconds = this.#float.value;
    if (!Number.isFinite(seconds)) {
      const text = Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf';
      throw errorAt(this.#bytes, from, `invalid ${what} ${text}`);
    }
    return Math.trunc(seconds * 1000);
  }

  /** ` # {` */
  #isExemplar(at: number): boolean {
    const bytes = this.#bytes;
    return bytes[at] === SPACE && bytes[at + 1] === HASH && bytes[at + 2] === SPACE && bytes[at + 3] === BRACE_OPEN;
  }

  /** `# EOF`, after which there may be nothing but one newline. */
  #isEnd(at: number): boolean {
    const bytes = this.#bytes;
    if (bytes[at + 1] !== SPACE) return false;
    const word = behindWord(bytes, at + 2, 'EOF');
    if (word < 0) return false;
    const behind = bytes[word] === NEWLINE ? behindNuls(bytes, word + 1) : word;
    if (behind < bytes.length) throw errorAt(bytes, behind, 'unexpected data after # EOF');
    return true;
  }

  #remember(type: number): void {
    if (type !== NO_TYPE) this.#type = TYPES[type]!;
  }

  #metadata(lineStart: number): number {
    const bytes = this.#bytes;
    const newline = bytes.indexOf(NEWLINE, lineStart);
    const cache = this.#cache;
    const known = cache === undefined || newline < 0 ? -1 : cache.find(bytes, lineStart, newline + 1);
    if (known >= 0) {
      cache!.take(known);
      this.#remember(cache!.number(known));
      return newline + 1;
    }
    const word = ['HELP', 'TYPE', 'UNIT'].find((each) => behindWord(bytes, lineStart + 2, each) >= 0);
    const behind = word === undefined ? -1 : behindWord(bytes, lineStart + 2, word);
    if (word === undefined || bytes[lineStart + 1] !== SPACE || bytes[behind] !== SPACE) {
      throw unexpected(bytes, lineStart, lineStart, 'expected a valid start token');
    }
    const { name, end } = familyName(bytes, behindNuls(bytes, behind + 1), lineStart, word);
    const close = bytes.indexOf(NEWLINE, end);
    if (close < 0 || bytes[end] !== SPACE) throw errorAt(bytes, end, `expected text in ${word}`);
    const from = end + 1;
    // NULs that follow the newline are taken with the text, whose last byte is dropped.
    const next = behindNuls(bytes, close + 1);
    const text = decoded(bytes, from, next - 1);
    let type = NO_TYPE;
    if (word === 'TYPE') {
      type = (TYPES as readonly string[]).indexOf(text);
      if (type < 0) throw errorAt(bytes, from, `invalid metric type ${quoteBytes(bytes.subarray(from, next - 1))}`);
      this.#remember(type);
      this.#sink.metadata(name, 'type', text);
    } else if (word === 'HELP') {
      if (!isUtf8(bytes.subarray(from, close))) {
        throw errorAt(bytes, from, `help text ${excerpt(bytes, from, close)} is not a valid utf8 string`);
      }
      this.#sink.metadata(name, 'help', unescaped(text));
    } else {
      if (text !== '' && !name.endsWith(`_${text}`)) {
        throw errorAt(bytes, from, `unit ${quote(text)} not a suffix of metric ${quote(name)}`);
      }
      this.#sink.metadata(name, 'unit', text);
    }
    if (next === newline + 1) cache?.take(cache.add(bytes, lineStart, next, type));
    return next;
  }
}
