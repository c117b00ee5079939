/** Spans of one trace as bytes, with what most searches look at (start, duration, service, operation) beside them. */
import { pack, unpack } from '../logs/packed.ts';
import type { SpanOutline } from './match-span.ts';
import type { Span } from './trace.ts';

/** A service's operation; one object for all of its spans. */
export interface Operation {
  readonly service: string;
  readonly name: string;
  /** Spans of it in the store. */
  spans: number;
}

/** Bytes beside the spans: objects, and the columns of each span. */
const PACKED_BYTES = 500;
const COLUMN_BYTES = 20;

export class PackedSpans {
  readonly #startsUs: Float64Array;
  readonly #durationsUs: Float64Array;
  /** Places in `#operations`. */
  readonly #which: Uint32Array;
  readonly #operations: readonly Operation[];
  readonly #packed: Uint8Array;

  constructor(spans: readonly Span[], operationOf: (span: Span) => Operation) {
    const places = new Map<Operation, number>();
    this.#startsUs = Float64Array.from(spans, (span) => span.startUs);
    this.#durationsUs = Float64Array.from(spans, (span) => span.durationUs);
    this.#which = Uint32Array.from(spans, (span) => {
      const operation = operationOf(span);
      if (!places.has(operation)) places.set(operation, places.size);
      return places.get(operation)!;
    });
    this.#operations = [...places.keys()];
    this.#packed = pack(spans);
  }

  get length(): number {
    return this.#which.length;
  }

  get bytes(): number {
    return PACKED_BYTES + COLUMN_BYTES * this.length + this.#packed.length;
  }

  /** As they were, as new objects. */
  spans(): Span[] {
    return unpack<Span>(this.#packed);
  }

  operationOf(index: number): Operation {
    return this.#operations[this.#which[index]!]!;
  }

  /** Whether one of the spans is, as far as its outline says, what is looked for. */
  some(matches: (span: SpanOutline) => boolean): boolean {
    for (let i = 0; i < this.length; i++) {
      const { service, name } = this.operationOf(i);
      if (matches({ service, name, startUs: this.#startsUs[i]!, durationUs: this.#durationsUs[i]! })) return true;
    }
    return false;
  }
}
