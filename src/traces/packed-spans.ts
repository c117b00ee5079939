/** Spans of one trace as bytes, with what most searches and every summary look at (start, duration, operation, error) beside them. */
import { pack, unpack } from '../logs/packed.ts';
import type { SpanOutline } from './outline.ts';
import type { Span } from './trace.ts';

/** A service's operation; one object for all of its spans. */
export interface Operation {
  readonly service: string;
  readonly name: string;
  /** Spans of it in the store. */
  spans: number;
}

/** Bytes of the objects beside the columns and the packed spans. */
const PACKED_BYTES = 350;
/** Of each span: start and duration as 64-bit floats, its operation's place and two flags in 32 bits. */
const COLUMN_BYTES = 20;
const IS_ROOT = 1;
const HAS_ERROR = 2;
const FLAGS = 4;

export class PackedSpans {
  readonly length: number;
  /** The columns one after the other, then the packed spans: one buffer, since each costs as much again as a small trace. */
  readonly #bytes: Uint8Array;
  readonly #operations: readonly Operation[];

  constructor(spans: readonly Span[], operationOf: (span: Span) => Operation) {
    const packed = pack(spans);
    this.length = spans.length;
    this.#bytes = new Uint8Array(COLUMN_BYTES * spans.length + packed.length);
    this.#bytes.set(packed, COLUMN_BYTES * spans.length);
    const { startsUs, durationsUs, which } = this.#columns();
    const places = new Map<Operation, number>();
    for (const [i, span] of spans.entries()) {
      const operation = operationOf(span);
      if (!places.has(operation)) places.set(operation, places.size);
      startsUs[i] = span.startUs;
      durationsUs[i] = span.durationUs;
      which[i] =
        places.get(operation)! * FLAGS + (span.parentSpanId === undefined ? IS_ROOT : 0) + (span.error ? HAS_ERROR : 0);
    }
    this.#operations = [...places.keys()];
  }

  get bytes(): number {
    return PACKED_BYTES + this.#bytes.length;
  }

  /** As they were, as new objects. */
  spans(): Span[] {
    return unpack<Span>(this.#bytes.subarray(COLUMN_BYTES * this.length));
  }

  hasService(service: string): boolean {
    return this.#operations.some((operation) => operation.service === service);
  }

  /** The operation of each span. */
  *operations(): Generator<Operation, void, undefined> {
    for (const value of this.#columns().which) yield this.#operations[Math.floor(value / FLAGS)]!;
  }

  /** Whether one of the spans is, as far as its outline says, what is looked for. */
  some(matches: (span: SpanOutline) => boolean): boolean {
    for (const outline of this.outlines()) if (matches(outline)) return true;
    return false;
  }

  *outlines(): Generator<SpanOutline, void, undefined> {
    const { startsUs, durationsUs, which } = this.#columns();
    for (let i = 0; i < this.length; i++) {
      const { service, name } = this.#operations[Math.floor(which[i]! / FLAGS)]!;
      yield {
        service,
        name,
        startUs: startsUs[i]!,
        durationUs: durationsUs[i]!,
        isRoot: (which[i]! & IS_ROOT) !== 0,
        error: (which[i]! & HAS_ERROR) !== 0,
      };
    }
  }

  #columns(): {
    readonly startsUs: Float64Array;
    readonly durationsUs: Float64Array;
    readonly which: Uint32Array;
  } {
    const { buffer } = this.#bytes;
    return {
      startsUs: new Float64Array(buffer, 0, this.length),
      durationsUs: new Float64Array(buffer, 8 * this.length, this.length),
      which: new Uint32Array(buffer, 16 * this.length, this.length),
    };
  }
}
