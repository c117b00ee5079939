/** A storage in memory for tests of the engine, and a reader of plain OpenMetrics lines (`name{a="b"} value timestamp`). */

import { parseGoFloat } from '../../src/exposition/float.ts';
import type { Labels } from '../../src/labels/labels.ts';
import { type Matcher, matchesAll } from '../../src/labels/matcher.ts';
import { parseSeriesName } from '../../src/promql/testscript/notation.ts';
import type { Queryable, SampleColumns, SelectedSeries } from '../../src/storage/queryable.ts';

export class MemorySeries implements SelectedSeries {
  readonly labels: Labels;
  readonly times: number[] = [];
  readonly values: number[] = [];

  constructor(labels: Labels) {
    this.labels = labels;
  }

  push(timeMs: number, value: number): void {
    this.times.push(timeMs);
    this.values.push(value);
  }

  read(startMs: number, endMs: number, into: SampleColumns): void {
    into.clear();
    const { times, values } = this;
    let from = 0;
    while (from < times.length && times[from]! < startMs) from++;
    let to = from;
    while (to < times.length && times[to]! <= endMs) to++;
    into.reserve(to - from);
    for (let i = from; i < to; i++) {
      into.timestamps[i - from] = times[i]!;
      into.values[i - from] = values[i]!;
    }
    into.length = to - from;
  }
}

export class MemoryStorage implements Queryable {
  readonly #series = new Map<string, MemorySeries>();

  series(labels: Labels): MemorySeries {
    let series = this.#series.get(labels.key);
    if (!series) {
      series = new MemorySeries(labels);
      this.#series.set(labels.key, series);
    }
    return series;
  }

  select(matchers: readonly Matcher[]): SelectedSeries[] {
    return [...this.#series.values()].filter((series) => matchesAll(matchers, series.labels));
  }
}

/** Timestamps are in seconds. */
export function loadOpenMetrics(text: string): MemoryStorage {
  const storage = new MemoryStorage();
  const known = new Map<string, MemorySeries>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ', line.lastIndexOf(' ') - 1);
    const name = line.slice(0, at);
    let series = known.get(name);
    if (!series) {
      series = storage.series(parseSeriesName(name).labels);
      known.set(name, series);
    }
    const [value, timestamp] = line.slice(at + 1).split(' ') as [string, string];
    series.push(Math.round(Number(timestamp) * 1000), parseGoFloat(value)!);
  }
  return storage;
}
