/** Loads an OpenMetrics file with timestamps into a head, however old and in whatever order its samples are. */
import type { Exemplar, Metadata, MetricType } from '../exposition/exemplar.ts';
import { ExpositionCache, ExpositionError, type ExpositionSink, parseExposition } from '../exposition/exposition.ts';
import type { Labels } from '../labels/labels.ts';
import type { Appender, SeriesRef } from './appender.ts';
import type { Head } from './head.ts';

export interface ImportSummary {
  readonly samples: number;
  /** Series that the file has lines of. */
  readonly series: number;
  /** Samples that the head had already, or had with another value. */
  readonly duplicates: number;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
}

/** Bytes that are parsed at once. */
const PIECE_BYTES = 4 * 2 ** 20;
const END = Buffer.from('# EOF\n');

/**
 * The file comes whole or in pieces, which are parsed as they come: a file of any size takes little memory. Every sample needs a timestamp,
 * and the file ends with `# EOF`. Throws ExpositionError, with the line in the whole file; what stood before it stays loaded.
 */
export async function importOpenMetrics(
  head: Head,
  source: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<ImportSummary> {
  head.isInOrderMade = false;
  const loader = new Loader(head);
  let rest = Buffer.alloc(0);
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const piece of source instanceof Uint8Array ? slices(source) : source) {
    pending.push(piece);
    pendingBytes += piece.length;
    if (pendingBytes < PIECE_BYTES) continue;
    rest = Buffer.concat([rest, ...pending]);
    pending = [];
    pendingBytes = 0;
    const end = wholeLines(rest);
    loader.load(rest.subarray(0, end), false);
    rest = rest.subarray(end);
  }
  loader.load(Buffer.concat([rest, ...pending]), true);
  return loader.summary();
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Behind the last newline that is followed by a line's beginning; the last line of a piece waits, lest it be `# EOF`. */
function wholeLines(bytes: Buffer): number {
  const last = bytes.lastIndexOf(0x0a);
  return last < 0 ? 0 : bytes.lastIndexOf(0x0a, last - 1) + 1;
}

class Loader implements ExpositionSink {
  readonly #head: Head;
  readonly #cache = new ExpositionCache();
  readonly #refs: SeriesRef[] = [];
  readonly #metadata = new Map<string, Metadata>();
  /** Families of the piece whose metadata changed. */
  readonly #changed = new Set<string>();
  #appender: Appender;
  #lines = 0;
  #samples = 0;
  #duplicates = 0;
  #minTimeMs = Number.POSITIVE_INFINITY;
  #maxTimeMs = Number.NEGATIVE_INFINITY;

  constructor(head: Head) {
    this.#head = head;
    this.#appender = head.importer();
  }

  load(piece: Uint8Array, last: boolean): void {
    this.#appender = this.#head.importer();
    // Only the last piece has the end in it.
    const bytes = last ? piece : Buffer.concat([piece, END]);
    try {
      parseExposition('openmetrics', bytes, this, { cache: this.#cache });
    } catch (error) {
      this.#commit();
      throw this.#moved(error);
    }
    this.#commit();
    for (let at = piece.indexOf(0x0a); at >= 0; at = piece.indexOf(0x0a, at + 1)) this.#lines++;
  }

  summary(): ImportSummary {
    const none = this.#samples === 0;
    return {
      samples: this.#samples,
      series: new Set(this.#refs).size,
      duplicates: this.#duplicates,
      minTimeMs: none ? 0 : this.#minTimeMs,
      maxTimeMs: none ? 0 : this.#maxTimeMs,
    };
  }

  series(labels: Labels, duplicateLabel: string | undefined): number {
    if (labels.metricName === '') throw new Error('missing metric name (__name__ label)');
    if (duplicateLabel !== undefined) throw new Error(`label name "${duplicateLabel}" is not unique: invalid sample`);
    return this.#refs.push(this.#appender.series(labels)) - 1;
  }

  sample(series: number, value: number, timestampMs: number | undefined, startMs: number | undefined): void {
    if (timestampMs === undefined) throw new Error('expected timestamp for series, got none');
    const outcome = this.#appender.float(this.#refs[series]!, timestampMs, value, startMs);
    this.#samples++;
    if (outcome !== 'appended') this.#duplicates++;
    if (timestampMs < this.#minTimeMs) this.#minTimeMs = timestampMs;
    if (timestampMs > this.#maxTimeMs) this.#maxTimeMs = timestampMs;
  }

  histogram(): void {}

  exemplar(series: number, exemplar: Exemplar): void {
    if (exemplar.timestampMs === undefined) return;
    this.#appender.exemplar(this.#refs[series]!, { ...exemplar, timestampMs: exemplar.timestampMs });
  }

  metadata(family: string, part: 'type' | 'help' | 'unit', text: string): void {
    const known = this.#metadata.get(family) ?? { type: 'unknown', help: '', unit: '' };
    const metadata = part === 'type' ? { ...known, type: text as MetricType } : { ...known, [part]: text };
    this.#metadata.set(family, metadata);
    this.#changed.add(family);
  }

  #commit(): void {
    for (const family of this.#changed) this.#appender.metadata(family, this.#metadata.get(family)!);
    this.#changed.clear();
    this.#appender.commit();
  }

  /** The error with its line in the whole file. */
  #moved(error: unknown): unknown {
    if (!(error instanceof ExpositionError)) return error;
    return new ExpositionError(error.message, error.line + this.#lines, error.column);
  }
}
