/** What makes the head big: series by metric, values by label, bytes by label, series by pair, the largest of each. */
import { METRIC_NAME } from '../labels/labels.ts';
import { postingLength } from './posting-list.ts';
import type { SeriesIndex } from './series-index.ts';

export interface Ranked {
  readonly name: string;
  readonly value: number;
}

export interface Cardinality {
  readonly seriesByMetric: readonly Ranked[];
  readonly valuesByLabel: readonly Ranked[];
  readonly bytesByLabel: readonly Ranked[];
  readonly seriesByPair: readonly Ranked[];
}

/** As Prometheus' `/api/v1/status/tsdb`: at most `limit` of each, the largest first. */
export function cardinality(index: SeriesIndex, limit: number): Cardinality {
  const seriesByMetric = new Top(limit);
  const valuesByLabel = new Top(limit);
  const bytesByLabel = new Top(limit);
  const seriesByPair = new Top(limit);
  for (const [name, { ids, postings }] of index.byName) {
    let bytes = 0;
    for (const [value, id] of ids) {
      const series = postingLength(postings[id]!);
      bytes += Buffer.byteLength(value) * series;
      if (name === METRIC_NAME) seriesByMetric.offer(value, series);
      if (seriesByPair.wants(series)) seriesByPair.offer(`${name}=${value}`, series);
    }
    valuesByLabel.offer(name, ids.size);
    bytesByLabel.offer(name, bytes);
  }
  return {
    seriesByMetric: seriesByMetric.ranked(),
    valuesByLabel: valuesByLabel.ranked(),
    bytesByLabel: bytesByLabel.ranked(),
    seriesByPair: seriesByPair.ranked(),
  };
}

class Top {
  readonly #limit: number;
  readonly #entries: Ranked[] = [];
  #least = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  wants(value: number): boolean {
    return this.#entries.length < this.#limit || value > this.#least;
  }

  offer(name: string, value: number): void {
    if (this.#limit <= 0 || !this.wants(value)) return;
    this.#entries.push({ name, value });
    if (this.#entries.length < this.#limit * 4 && this.#entries.length !== this.#limit) return;
    this.#settle();
  }

  ranked(): readonly Ranked[] {
    this.#settle();
    return this.#entries;
  }

  #settle(): void {
    this.#entries.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
    if (this.#entries.length >= this.#limit) {
      this.#entries.length = this.#limit;
      this.#least = this.#entries[this.#limit - 1]?.value ?? 0;
    }
  }
}
