/** Metric families that are read when they are asked for. */
import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import type { DurationSummary } from '../scrape/duration-summary.ts';

/** Labels and what is counted under them. */
export type Values = Iterable<readonly [Readonly<Record<string, string>>, number]>;
export type Read = () => Values | Promise<Values>;

export class Families {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  gauge(name: string, help: string, labelNames: string[], read: Read): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        for (const [labels, value] of await emptied(this, read)) this.set(labels, value);
      },
    });
  }

  /** `read` gives totals since the start. */
  counter(name: string, help: string, labelNames: string[], read: Read): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        for (const [labels, value] of await emptied(this, read)) this.inc(labels, value);
      },
    });
  }

  /** The given quantiles of the last durations, their number and sum. */
  summary(
    name: string,
    help: string,
    quantiles: readonly number[],
    read: () => Iterable<readonly [Readonly<Record<string, string>>, DurationSummary]>,
  ): void {
    const valuesOf = ([labels, summary]: readonly [Readonly<Record<string, string>>, DurationSummary]) => [
      ...quantiles.map((quantile) => ({
        metricName: name,
        labels: { ...labels, quantile: String(quantile) },
        value: summary.quantile(quantile),
      })),
      { metricName: `${name}_sum`, labels, value: summary.sumSeconds },
      { metricName: `${name}_count`, labels, value: summary.count },
    ];
    this.register(name, help, 'summary', () => [...read()].flatMap(valuesOf));
  }

  /** A family that prom-client's own kinds, which can only observe, do not fit: it is counted elsewhere already. */
  register(
    name: string,
    help: string,
    type: 'summary' | 'histogram',
    read: () => readonly {
      readonly metricName: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly value: number;
    }[],
  ): void {
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: () => Promise.resolve({ ...metric, values: read() }),
      reset: () => {},
    };
    this.#registry.registerMetric(metric as unknown as Metric);
  }
}

/** Forgets what the metric told last, and gives what it is to tell now: nothing where the source fails, so that the others are told all the same. */
async function emptied(metric: Gauge | Counter, read: Read): Promise<Values> {
  metric.reset();
  // Else one without labels would be 0 where nothing is known.
  metric.remove({});
  try {
    return await read();
  } catch {
    return [];
  }
}
