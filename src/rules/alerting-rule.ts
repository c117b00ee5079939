/** An alerting rule: which of its alerts are pending or firing after each evaluation, as Prometheus decides it. */
import type { RuleConfig } from '../config/rule-file.ts';
import { compareBytes } from '../labels/compare.ts';
import { Labels, METRIC_NAME } from '../labels/labels.ts';
import type { InstantSample } from '../promql/result.ts';
import { type AlertTemplateData, Expansion, RuleTemplate, type TemplateContext } from './rule-template.ts';
import { writtenLabels } from './written-labels.ts';

export interface ActiveAlert {
  readonly labels: Labels;
  /** Unlike other label sets these may have empty values: an annotation that expands to nothing is still one. */
  annotations: Labels;
  state: 'inactive' | 'pending' | 'firing';
  value: number;
  activeAtMs: number;
  /** These are undefined while they have not happened. */
  firedAtMs: number | undefined;
  resolvedAtMs: number | undefined;
  lastSentAtMs: number | undefined;
  keepFiringSinceMs: number | undefined;
  /** Until when the receiver may take it as firing without hearing again. */
  validUntilMs: number;
}

const NO_ALERTS: ReadonlyMap<string, ActiveAlert> = new Map();
const NO_LABELS: ReadonlyMap<string, Labels> = new Map();
const NO_SAMPLES: readonly InstantSample[] = [];

/** A resolved alert is kept and sent again for this long. */
const RESOLVED_RETENTION_MS = 15 * 60_000;

export class AlertingRule {
  readonly kind = 'alerting';
  readonly config: RuleConfig;
  /** The group's labels and the rule's own, empty ones included, templates not expanded. */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Of the series that it writes. */
  readonly metricNames = ['ALERTS', 'ALERTS_FOR_STATE'] as const;
  /** By the key of their labels. */
  readonly active: Map<string, ActiveAlert> = new Map();
  /** Until the state of an earlier run is restored, no series are written. */
  restored: boolean;
  readonly #labelTemplates: readonly (readonly [string, RuleTemplate])[];
  readonly #annotationTemplates: readonly (readonly [string, RuleTemplate])[];
  readonly #annotationNames: readonly string[];
  /** The labels of an alert follow from those of its sample alone. */
  readonly #labelsAreConstant: boolean;
  /** Of the last evaluation, by the key of the sample's labels. */
  #labelsBySample: ReadonlyMap<string, Labels> = NO_LABELS;
  readonly #series = new WeakMap<ActiveAlert, AlertSeries>();

  constructor(config: RuleConfig, groupLabels: Readonly<Record<string, string>>, restored: boolean) {
    this.config = config;
    this.restored = restored;
    const labels = { ...groupLabels, ...config.labels };
    this.labels = writtenLabels(labels);
    this.annotations = writtenLabels(config.annotations);
    this.#labelTemplates = templatesOf(config.name, labels);
    this.#annotationTemplates = templatesOf(config.name, config.annotations);
    this.#annotationNames = this.#annotationTemplates.map(([name]) => name);
    this.#labelsAreConstant = this.#labelTemplates.every(([, template]) => template.isConstant);
  }

  /**
   * Takes the result of the expression in at `timeMs` and gives the samples of ALERTS and ALERTS_FOR_STATE.
   * Throws, or rejects, where two samples become the same alert, or the limit (0: none) is exceeded.
   */
  evaluate(
    vector: readonly InstantSample[],
    timeMs: number,
    limit: number,
    context: TemplateContext,
  ): readonly InstantSample[] | Promise<readonly InstantSample[]> {
    if (vector.length > 0) {
      return this.#alertsOf(vector, timeMs, context).then((found) => this.#moveOn(found, timeMs, limit));
    }
    this.#labelsBySample = NO_LABELS;
    return this.active.size === 0 ? NO_SAMPLES : this.#moveOn(NO_ALERTS, timeMs, limit);
  }

  #moveOn(found: ReadonlyMap<string, ActiveAlert>, timeMs: number, limit: number): readonly InstantSample[] {
    for (const [key, alert] of found) {
      const known = this.active.get(key);
      if (known === undefined || known.state === 'inactive') {
        this.active.set(key, alert);
      } else {
        known.value = alert.value;
        known.annotations = alert.annotations;
      }
    }
    const samples: InstantSample[] = [];
    let count = 0;
    for (const [key, alert] of this.active) {
      if (!this.#advance(key, alert, found.has(key), timeMs)) continue;
      count++;
      if (!this.restored) continue;
      const series = this.#seriesOf(alert);
      samples.push({ labels: alert.state === 'firing' ? series.firing : series.pending, value: 1 });
      samples.push({ labels: series.forState, value: Math.floor(alert.activeAtMs / 1000) });
    }
    if (limit > 0 && count > limit) {
      this.active.clear();
      throw new Error(`exceeded limit of ${limit} with ${count} alerts`);
    }
    return samples;
  }

  /** The alerts to send now: firing ones that were not sent for the resend delay, and newly resolved ones. They count as sent. */
  takeDue(timeMs: number, resendDelayMs: number, intervalMs: number): ActiveAlert[] {
    if (this.active.size === 0) return [];
    const due = [...this.active.values()].filter((alert) => needsSending(alert, timeMs, resendDelayMs));
    for (const alert of due) {
      alert.lastSentAtMs = timeMs;
      // Room for two evaluations or deliveries that fail.
      alert.validUntilMs = timeMs + 4 * Math.max(resendDelayMs, intervalMs);
    }
    return due;
  }

  /** Of the alerts, the worst state. */
  get state(): 'inactive' | 'pending' | 'firing' {
    let worst: 'inactive' | 'pending' = 'inactive';
    for (const { state } of this.active.values()) {
      if (state === 'firing') return state;
      if (state === 'pending') worst = state;
    }
    return worst;
  }

  async #alertsOf(
    vector: readonly InstantSample[],
    timeMs: number,
    context: TemplateContext,
  ): Promise<ReadonlyMap<string, ActiveAlert>> {
    const expansion = new Expansion(context);
    const alerts = new Map<string, ActiveAlert>();
    const labelsBySample = new Map<string, Labels>();
    for (const sample of vector) {
      const data = expansion.dataOf(sample);
      const known = this.#labelsAreConstant ? this.#labelsBySample.get(sample.labels.key) : undefined;
      const labels = known ?? (await this.#labelsOf(sample, data, expansion));
      labelsBySample.set(sample.labels.key, labels);
      const texts: string[] = [];
      for (const [, template] of this.#annotationTemplates) {
        const text = template.expand(data, expansion);
        texts.push(typeof text === 'string' ? text : await text);
      }
      if (alerts.has(labels.key)) {
        throw new Error('vector contains metrics with the same labelset after applying alert labels');
      }
      alerts.set(labels.key, {
        labels,
        annotations: Labels.fromSorted(this.#annotationNames, texts),
        state: 'pending',
        // Of a histogram there is no one number.
        value: sample.histogram === undefined ? sample.value : 0,
        activeAtMs: timeMs,
        firedAtMs: undefined,
        resolvedAtMs: undefined,
        lastSentAtMs: undefined,
        keepFiringSinceMs: undefined,
        validUntilMs: timeMs,
      });
    }
    this.#labelsBySample = labelsBySample;
    return alerts;
  }

  async #labelsOf(sample: InstantSample, data: AlertTemplateData, expansion: Expansion): Promise<Labels> {
    let labels = sample.labels.withoutMetricName();
    for (const [name, template] of this.#labelTemplates) {
      labels = labels.with(name, await template.expand(data, expansion));
    }
    return labels.with('alertname', this.config.name);
  }

  /** Moves one alert on. False where it is neither pending nor firing any more. */
  #advance(key: string, alert: ActiveAlert, isInResult: boolean, timeMs: number): boolean {
    const { forMs, keepFiringForMs } = this.config;
    if (isInResult) {
      alert.keepFiringSinceMs = undefined;
    } else {
      let keeps = false;
      if (alert.state === 'firing' && keepFiringForMs > 0) {
        alert.keepFiringSinceMs ??= timeMs;
        keeps = timeMs - alert.keepFiringSinceMs < keepFiringForMs;
      }
      const isOld = alert.resolvedAtMs !== undefined && timeMs - alert.resolvedAtMs > RESOLVED_RETENTION_MS;
      if (alert.state === 'pending' || isOld) this.active.delete(key);
      if (alert.state !== 'inactive' && !keeps) {
        alert.state = 'inactive';
        alert.resolvedAtMs = timeMs;
      }
      if (!keeps) return false;
    }
    if (alert.state === 'pending' && timeMs - alert.activeAtMs >= forMs) {
      alert.state = 'firing';
      alert.firedAtMs = timeMs;
    } else if (alert.state === 'firing' && timeMs - alert.activeAtMs < forMs) {
      // A reload has made `for` longer than it has been active.
      alert.state = 'pending';
    }
    return true;
  }

  /** Made once for an alert: its series are written with each evaluation. */
  #seriesOf(alert: ActiveAlert): AlertSeries {
    const known = this.#series.get(alert);
    if (known !== undefined) return known;
    const named = Labels.fromPairs([...this.labels, ...alert.labels, ['alertname', this.config.name]]);
    const alerts = named.with(METRIC_NAME, 'ALERTS');
    const series = {
      pending: alerts.with('alertstate', 'pending'),
      firing: alerts.with('alertstate', 'firing'),
      forState: named.with(METRIC_NAME, 'ALERTS_FOR_STATE'),
    };
    this.#series.set(alert, series);
    return series;
  }
}

/** Labels of the series that an alert is written to. */
interface AlertSeries {
  readonly pending: Labels;
  readonly firing: Labels;
  readonly forState: Labels;
}

function templatesOf(ruleName: string, texts: Readonly<Record<string, string>>): [string, RuleTemplate][] {
  return Object.keys(texts)
    .sort(compareBytes)
    .map((name) => [name, new RuleTemplate(ruleName, texts[name]!)]);
}

function needsSending(alert: ActiveAlert, timeMs: number, resendDelayMs: number): boolean {
  if (alert.state === 'pending') return false;
  if (alert.lastSentAtMs === undefined) return true;
  const resolvedSince = alert.resolvedAtMs !== undefined && alert.resolvedAtMs > alert.lastSentAtMs;
  return resolvedSince || alert.lastSentAtMs + resendDelayMs < timeMs;
}
