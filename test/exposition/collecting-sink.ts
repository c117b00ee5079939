import type { Exemplar } from '../../src/exposition/exemplar.ts';
import type { ExpositionSink } from '../../src/exposition/exposition.ts';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import type { Labels } from '../../src/labels/labels.ts';

export interface Collected {
  readonly labels: Labels;
  readonly value: number | FloatHistogram;
  readonly timestampMs: number | undefined;
  readonly startMs: number | undefined;
  readonly exemplars: Exemplar[];
}

/** Keeps what a parser gives, and refuses what a scrape refuses: no metric name, a name twice. */
export class CollectingSink implements ExpositionSink {
  readonly known: Labels[] = [];
  readonly forgotten: number[] = [];
  collected: Collected[] = [];
  metadataLines: string[] = [];
  seriesCalls = 0;
  ended = 0;

  clear(): void {
    this.collected = [];
    this.metadataLines = [];
    this.seriesCalls = 0;
  }

  series(labels: Labels, duplicateLabel: string | undefined, _emptyLabels?: readonly string[]): number {
    this.seriesCalls++;
    if (labels.metricName === '') throw new Error('missing metric name (__name__ label)');
    if (duplicateLabel !== undefined) throw new Error(`label name "${duplicateLabel}" is not unique: invalid sample`);
    return this.known.push(labels) - 1;
  }

  sample(series: number, value: number, timestampMs: number | undefined, startMs: number | undefined): void {
    this.collected.push({ labels: this.known[series]!, value, timestampMs, startMs, exemplars: [] });
  }

  histogram(series: number, value: FloatHistogram, timestampMs: number | undefined, startMs: number | undefined): void {
    this.collected.push({ labels: this.known[series]!, value, timestampMs, startMs, exemplars: [] });
  }

  exemplar(series: number, exemplar: Exemplar): void {
    const last = this.collected[this.collected.length - 1]!;
    if (last.labels !== this.known[series]) throw new Error('an exemplar that does not follow its sample');
    last.exemplars.push(exemplar);
  }

  metadata(family: string, part: string, text: string): void {
    this.metadataLines.push(`${family} ${part} ${text}`);
  }

  forget(series: number): void {
    this.forgotten.push(series);
  }

  end(): void {
    this.ended++;
  }

  /** The first sample of each series: one at the same time does not replace it. */
  latest(): Map<Labels, number | FloatHistogram> {
    const byKey = new Map<string, Collected>();
    for (const each of this.collected) if (!byKey.has(each.labels.key)) byKey.set(each.labels.key, each);
    return new Map([...byKey.values()].map(({ labels, value }) => [labels, value]));
  }
}
