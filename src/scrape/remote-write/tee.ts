/** An Appendable that hands on to the storage, and what the storage took to a receiver of items as well. */
import type { Clock } from '../../config/clock.ts';
import type { Exemplar, Metadata } from '../../exposition/exemplar.ts';
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import type { Appendable, Appender, AppendOutcome, SeriesRef } from '../../storage/appender.ts';
import type { WriteItem } from './write-request.ts';

export interface TeeReceiver {
  /** Whether anybody listens. */
  isNeeded(): boolean;
  push(items: readonly WriteItem[]): void;
  metadata(family: string, metadata: Metadata): void;
}

/** A series that nothing was appended to for this long is forgotten; it is made known again when it comes back. */
const FORGET_MS = 60 * 60_000;

interface Known {
  readonly labels: Labels;
  usedMs: number;
}

export class TeeAppendable implements Appendable {
  readonly #storage: Appendable;
  readonly #clock: Clock;
  readonly #receiver: TeeReceiver;
  readonly #known = new Map<SeriesRef, Known>();
  #sweptMs: number;

  constructor(storage: Appendable, clock: Clock, receiver: TeeReceiver) {
    this.#storage = storage;
    this.#clock = clock;
    this.#receiver = receiver;
    this.#sweptMs = clock.nowMs();
  }

  /** The storage's own appender while nobody listens; a series that is not known later is made known as one that died. */
  appender(): Appender {
    if (!this.#receiver.isNeeded()) return this.#storage.appender();
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sweptMs > FORGET_MS) {
      this.#sweptMs = nowMs;
      for (const [ref, known] of this.#known) if (known.usedMs < nowMs - FORGET_MS) this.#known.delete(ref);
    }
    return new TeeAppender(this.#storage.appender(), this.#known, this.#receiver, nowMs);
  }
}

class TeeAppender implements Appender {
  readonly #appender: Appender;
  readonly #known: Map<SeriesRef, Known>;
  readonly #receiver: TeeReceiver;
  readonly #nowMs: number;
  #items: WriteItem[] = [];

  constructor(appender: Appender, known: Map<SeriesRef, Known>, receiver: TeeReceiver, nowMs: number) {
    this.#appender = appender;
    this.#known = known;
    this.#receiver = receiver;
    this.#nowMs = nowMs;
  }

  series(labels: Labels): SeriesRef {
    const ref = this.#appender.series(labels);
    if (!this.#known.has(ref)) {
      this.#known.set(ref, { labels: this.#appender.labels(ref) ?? labels, usedMs: this.#nowMs });
    }
    return ref;
  }

  labels(ref: SeriesRef): Labels | undefined {
    return this.#appender.labels(ref);
  }

  float(ref: SeriesRef, timestampMs: number, value: number, startMs?: number): AppendOutcome {
    if (!this.#known.has(ref)) return 'unknown-series';
    return this.#settle(this.#appender.float(ref, timestampMs, value, startMs), ref, timestampMs, value, startMs);
  }

  histogram(ref: SeriesRef, timestampMs: number, histogram: FloatHistogram, startMs?: number): AppendOutcome {
    if (!this.#known.has(ref)) return 'unknown-series';
    const outcome = this.#appender.histogram(ref, timestampMs, histogram, startMs);
    return this.#settle(outcome, ref, timestampMs, histogram, startMs);
  }

  stale(ref: SeriesRef, timestampMs: number): AppendOutcome {
    if (!this.#known.has(ref)) return 'unknown-series';
    return this.#settle(this.#appender.stale(ref, timestampMs), ref, timestampMs, 'stale', undefined);
  }

  exemplar(ref: SeriesRef, exemplar: Exemplar & { readonly timestampMs: number }): void {
    this.#appender.exemplar(ref, exemplar);
    const known = this.#known.get(ref);
    if (known === undefined) return;
    this.#items.push({ labels: known.labels, timestampMs: exemplar.timestampMs, startMs: 0, value: exemplar });
  }

  metadata(metricName: string, metadata: Metadata): void {
    this.#appender.metadata(metricName, metadata);
    this.#receiver.metadata(metricName, metadata);
  }

  commit(): void {
    this.#appender.commit();
    if (this.#items.length > 0) this.#receiver.push(this.#items);
  }

  rollback(): void {
    this.#appender.rollback();
  }

  #settle(
    outcome: AppendOutcome,
    ref: SeriesRef,
    timestampMs: number,
    value: WriteItem['value'],
    startMs: number | undefined,
  ): AppendOutcome {
    if (outcome === 'unknown-series') this.#known.delete(ref);
    if (outcome !== 'appended') return outcome;
    const known = this.#known.get(ref)!;
    known.usedMs = this.#nowMs;
    if (this.#receiver.isNeeded())
      this.#items.push({ labels: known.labels, timestampMs, startMs: startMs ?? 0, value });
    return outcome;
  }
}
