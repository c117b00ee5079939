/** The series that a scrape writes about itself: `up`, `scrape_duration_seconds` and their kin. */
import { Labels, METRIC_NAME } from '../labels/labels.ts';
import type { Appender, SeriesRef } from '../storage/appender.ts';
import { overriding } from './sample-labels.ts';

export type ReportValues = Readonly<Record<string, number>>;

export class Report {
  readonly #target: Labels;
  readonly #refs = new Map<string, SeriesRef>();
  readonly #labels = new Map<string, Labels>();

  constructor(target: Labels) {
    this.#target = target;
  }

  get metricNames(): Iterable<string> {
    return this.#refs.keys();
  }

  write(appender: Appender, timestampMs: number, values: ReportValues): void {
    for (const [name, value] of Object.entries(values)) {
      if (appender.float(this.#ref(name, appender), timestampMs, value) !== 'unknown-series') continue;
      this.#refs.delete(name);
      appender.float(this.#ref(name, appender), timestampMs, value);
    }
  }

  /** Staleness markers for all that was ever written. */
  markStale(appender: Appender, timestampMs: number): void {
    for (const name of [...this.#refs.keys()]) {
      if (appender.stale(this.#ref(name, appender), timestampMs) !== 'unknown-series') continue;
      this.#refs.delete(name);
      appender.stale(this.#ref(name, appender), timestampMs);
    }
  }

  #ref(name: string, appender: Appender): SeriesRef {
    let ref = this.#refs.get(name);
    if (ref === undefined) {
      let labels = this.#labels.get(name);
      if (labels === undefined) {
        labels = overriding(Labels.of({ [METRIC_NAME]: name }), this.#target);
        this.#labels.set(name, labels);
      }
      ref = appender.series(labels);
      this.#refs.set(name, ref);
    }
    return ref;
  }
}
