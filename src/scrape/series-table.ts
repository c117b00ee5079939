/** What is remembered of a target's series between scrapes: columns by a small number that the exposition cache hands back. */
import type { Labels } from '../labels/labels.ts';
import type { Appender, SeriesRef } from '../storage/appender.ts';

/** The number of every line head whose series relabelling drops. */
export const DROPPED = -1;

export class SeriesTable {
  #labels: (Labels | undefined)[] = [];
  #refs: SeriesRef[] = [];
  /** How many line heads lead to the series (two heads may differ in the order of labels only). */
  #heads = new Int32Array(64);
  /** The scrape that saw the series last. */
  #seen = new Int32Array(64);
  /** As `seen`, where the series takes part in staleness. */
  #tracked = new Int32Array(64);
  /** 1: appended to, and no staleness marker written since. */
  #live = new Uint8Array(64);
  /** The storage's reference tells series apart: equal labels have one. */
  readonly #byRef = new Map<SeriesRef, number>();
  readonly #free: number[] = [];
  #scrape = 0;

  /** Series that have a number. */
  get size(): number {
    return this.#byRef.size;
  }

  metricNames(): Set<string> {
    const names = new Set<string>();
    for (const labels of this.#labels) if (labels !== undefined) names.add(labels.metricName);
    return names;
  }

  beginScrape(): void {
    this.#scrape++;
  }

  /** The number for a new line head with these final labels. */
  add(labels: Labels, appender: Appender): number {
    const ref = appender.series(labels);
    let series = this.#byRef.get(ref);
    if (series === undefined) {
      series = this.#free.pop() ?? this.#labels.length;
      if (series === this.#heads.length) this.#grow();
      this.#labels[series] = appender.labels(ref) ?? labels;
      this.#refs[series] = ref;
      this.#heads[series] = 0;
      this.#seen[series] = 0;
      this.#tracked[series] = 0;
      this.#live[series] = 0;
      this.#byRef.set(ref, series);
    }
    this.#heads[series]!++;
    return series;
  }

  /** A line head is gone from the exposition cache. */
  forget(series: number): void {
    if (series === DROPPED || --this.#heads[series]! > 0) return;
    this.#byRef.delete(this.#refs[series]!);
    this.#labels[series] = undefined;
    this.#live[series] = 0;
    this.#free.push(series);
  }

  ref(series: number): SeriesRef {
    return this.#refs[series]!;
  }

  /** The storage has let go of the series. */
  renewRef(series: number, appender: Appender): SeriesRef {
    const ref = appender.series(this.#labels[series]!);
    this.#byRef.delete(this.#refs[series]!);
    this.#byRef.set(ref, series);
    this.#refs[series] = ref;
    return ref;
  }

  seenInThisScrape(series: number): boolean {
    return this.#seen[series] === this.#scrape;
  }

  /** `tracked`: a later absence is to be marked stale. */
  markSeen(series: number, tracked: boolean): void {
    this.#seen[series] = this.#scrape;
    if (tracked) this.#tracked[series] = this.#scrape;
  }

  /** Ends a good scrape: series that were live and are gone get a staleness marker. */
  markAbsentStale(appender: Appender, timestampMs: number): void {
    for (let series = 0; series < this.#labels.length; series++) {
      if (this.#tracked[series] === this.#scrape) this.#live[series] = 1;
      else if (this.#live[series] === 1) this.#writeStale(series, appender, timestampMs);
    }
  }

  /** Ends a failed scrape, or the target's life: every live series gets a staleness marker. */
  markAllStale(appender: Appender, timestampMs: number): void {
    for (let series = 0; series < this.#labels.length; series++) {
      if (this.#live[series] === 1) this.#writeStale(series, appender, timestampMs);
    }
  }

  #writeStale(series: number, appender: Appender, timestampMs: number): void {
    this.#live[series] = 0;
    if (appender.stale(this.ref(series), timestampMs) !== 'unknown-series') return;
    appender.stale(this.renewRef(series, appender), timestampMs);
  }

  #grow(): void {
    const size = this.#heads.length * 2;
    const grown = <T extends Int32Array | Uint8Array>(from: T, into: T): T => {
      into.set(from);
      return into;
    };
    this.#heads = grown(this.#heads, new Int32Array(size));
    this.#seen = grown(this.#seen, new Int32Array(size));
    this.#tracked = grown(this.#tracked, new Int32Array(size));
    this.#live = grown(this.#live, new Uint8Array(size));
  }
}
