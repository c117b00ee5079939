/** A recording rule: its result under its own name and labels. */
import type { RuleConfig } from '../config/rule-file.ts';
import { type Labels, METRIC_NAME } from '../labels/labels.ts';
import type { InstantSample } from '../promql/result.ts';
import { writtenLabels } from './written-labels.ts';

interface RecordedSeries {
  readonly labels: Labels;
  /** The evaluation that last had it. */
  turn: number;
}

export class RecordingRule {
  readonly kind = 'recording';
  readonly config: RuleConfig;
  /** The group's labels and the rule's own, empty ones included. */
  readonly labels: Labels;
  /** Of the series that it writes. */
  readonly metricNames: readonly string[];
  readonly #override: readonly (readonly [string, string])[];
  /** Of the last evaluation, by the key of the sample's labels: an evaluation with the same series makes nothing anew. */
  readonly #series = new Map<string, RecordedSeries>();
  #turn = 0;

  constructor(config: RuleConfig, groupLabels: Readonly<Record<string, string>>) {
    this.config = config;
    this.metricNames = [config.name];
    const labels = { ...groupLabels, ...config.labels };
    this.labels = writtenLabels(labels);
    this.#override = Object.entries(labels);
  }

  /** Throws where two samples become the same series, or the limit (0: none) is exceeded. */
  evaluate(vector: readonly InstantSample[], limit: number): readonly InstantSample[] {
    const turn = ++this.#turn;
    let areChecked = true;
    const samples = vector.map(({ labels: own, value, histogram }) => {
      let series = this.#series.get(own.key);
      if (series === undefined) {
        series = { labels: this.#labelsOf(own), turn };
        this.#series.set(own.key, series);
        areChecked = false;
      }
      series.turn = turn;
      return { labels: series.labels, value, histogram };
    });
    if (this.#series.size > samples.length) {
      for (const [key, series] of this.#series) if (series.turn !== turn) this.#series.delete(key);
    }
    if (!areChecked && new Set(samples.map(({ labels }) => labels.key)).size < samples.length) {
      // They are not to be taken for checked next time.
      this.#series.clear();
      throw new Error('vector contains metrics with the same labelset after applying rule labels');
    }
    if (limit > 0 && samples.length > limit) {
      throw new Error(`exceeded limit of ${limit} with ${samples.length} series`);
    }
    return samples;
  }

  #labelsOf(sample: Labels): Labels {
    let labels = sample.with(METRIC_NAME, this.config.name);
    // A label of the rule that is empty removes the one of the sample.
    for (const [name, value] of this.#override) labels = labels.with(name, value);
    return labels;
  }
}
