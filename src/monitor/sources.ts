/** The four source interfaces: all that screens, the headless face and the HTTP API know of where data comes from. */
import type { AlertFilter } from '../alerting/filter.ts';
import type {
  AlertGroup,
  NotificationRecord,
  PostableAlert,
  PostableSilence,
  RoutedAlert,
  Silence,
} from '../alerting/model.ts';
import type { Exemplar, Metadata, MetricType } from '../exposition/exemplar.ts';
import type { Labels } from '../labels/labels.ts';
import type { LogQuery, LogRecord } from '../logs/record.ts';
import type { SourceHealthState } from '../logs/source-health.ts';
import type { InstantQuery, QueryResult, RangeQuery } from '../promql/result.ts';
import type { RuleGroupState } from '../rules/state.ts';
import type { ScrapedTarget } from '../scrape/manager.ts';
import type { Trace, TraceQuery, TraceSummary } from '../traces/trace.ts';

export type { AlertFilter } from '../alerting/filter.ts';
export type { RuleAlert, RuleAlertState, RuleGroupState, RuleHealth, RuleState } from '../rules/state.ts';

/** What the status bar shows of a source. */
export type SourceState = SourceHealthState;

export interface Source {
  /** The last known state; cheap and synchronous. */
  state(): SourceState;
  close(): Promise<void>;
}

export interface SeriesSelection {
  /** PromQL selectors; a series that matches any of them counts. Empty: all. */
  readonly selectors: readonly string[];
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** 0 or undefined: all. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A target; what only the own scraper knows of it is optional. */
export interface TargetState extends Omit<ScrapedTarget, 'samples' | 'samplesAfterRelabelling' | 'seriesAdded'> {
  /** Of the last scrape; undefined where the source does not say. */
  readonly samples?: number | undefined;
  readonly samplesAfterRelabelling?: number | undefined;
  readonly seriesAdded?: number | undefined;
}

export interface DroppedTarget {
  readonly job: string;
  readonly discoveredLabels: Labels;
}

/** How one discovery of a job fares. */
export interface DiscoveryStatus {
  readonly job: string;
  /** e.g. `kubernetes`. */
  readonly kind: string;
  /** What it asks, without credentials. */
  readonly origin: string;
  /** 0: no good answer yet. */
  readonly lastSuccessMs: number;
  /** Empty where fine. */
  readonly error: string;
}

export interface TargetsAnswer {
  readonly active: readonly TargetState[];
  readonly dropped: readonly DroppedTarget[];
  readonly droppedCounts: Readonly<Record<string, number>>;
  /** Undefined where the source does not say. */
  readonly discoveries?: readonly DiscoveryStatus[] | undefined;
}

export interface StorageStatus {
  readonly series: number;
  readonly samples: number;
  readonly chunks: number;
  readonly labelPairs: number;
  /** Bytes held, and the budget; undefined where not known. */
  readonly bytes?: number | undefined;
  readonly budgetBytes?: number | undefined;
  readonly droppedSamples?: number | undefined;
  /** Put in since the start, staleness markers included; undefined where not known. */
  readonly appendedFloats?: number | undefined;
  readonly appendedHistograms?: number | undefined;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly seriesByMetric: readonly { readonly name: string; readonly value: number }[];
  readonly valuesByLabel: readonly { readonly name: string; readonly value: number }[];
  readonly bytesByLabel: readonly { readonly name: string; readonly value: number }[];
  readonly seriesByPair: readonly { readonly name: string; readonly value: number }[];
}

export interface MetricSource extends Source {
  query(expression: string, query: InstantQuery): Promise<QueryResult>;
  queryRange(expression: string, query: RangeQuery): Promise<QueryResult>;
  series(selection: SeriesSelection): Promise<readonly Labels[]>;
  labelNames(selection: SeriesSelection): Promise<readonly string[]>;
  labelValues(name: string, selection: SeriesSelection): Promise<readonly string[]>;
  metadata(options: {
    readonly metric?: string | undefined;
    readonly limit?: number | undefined;
    readonly limitPerMetric?: number | undefined;
  }): Promise<ReadonlyMap<string, readonly Metadata[]>>;
  targetMetadata(options: {
    readonly matchTarget?: string | undefined;
    readonly metric?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<
    readonly {
      readonly target: Labels;
      readonly metric: string;
      readonly type: MetricType;
      readonly help: string;
      readonly unit: string;
    }[]
  >;
  exemplars(
    expression: string,
    startMs: number,
    endMs: number,
  ): Promise<readonly { readonly series: Labels; readonly exemplars: readonly Exemplar[] }[]>;
  targets(): Promise<TargetsAnswer>;
  storageStatus(): Promise<StorageStatus>;
}

/** Why an alert is or is not firing, and who was or was not told: lines of text in sections, every decision by its name. */
export interface Explanation {
  readonly title: string;
  readonly sections: readonly { readonly heading: string; readonly lines: readonly string[] }[];
}

export interface NotifierStatus {
  readonly configText: string;
  readonly startedMs: number;
  readonly receivers: readonly string[];
  /** The labels of each receiver; undefined where the source does not say. */
  readonly receiverLabels?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** How long an alert fires that came without an end; undefined where the source does not say. */
  readonly resolveTimeoutMs?: number | undefined;
  /** Receivers whose alerts cannot be delivered, and why. */
  readonly undeliverable: readonly {
    readonly receiver: string;
    readonly integration: string;
    readonly reason: string;
  }[];
}

export interface AlertSource extends Source {
  ruleGroups(): Promise<readonly RuleGroupState[]>;
  /** Alerts as the notifying side holds them. */
  alerts(filter: AlertFilter): Promise<readonly RoutedAlert[]>;
  alertGroups(filter: AlertFilter): Promise<readonly AlertGroup[]>;
  postAlerts(alerts: readonly PostableAlert[]): Promise<void>;
  silences(matchers: readonly string[]): Promise<readonly Silence[]>;
  silence(id: string): Promise<Silence | undefined>;
  /** Gives the id. Rejects with a sentence where the silence is refused. */
  setSilence(silence: PostableSilence): Promise<string>;
  /** `false`: no such silence. */
  expireSilence(id: string): Promise<boolean>;
  /** Newest first. */
  notifications(limit: number): Promise<readonly NotificationRecord[]>;
  notifierStatus(): Promise<NotifierStatus>;
  explain(ruleName: string, labels: Labels | undefined): Promise<Explanation>;
}

export interface LogSource extends Source {
  /** Newest last, at most `limit`. */
  search(query: LogQuery, signal?: AbortSignal): Promise<readonly LogRecord[]>;
  /** Records as they come, in batches, until the signal; starts with nothing from the past. */
  tail(query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  services(signal?: AbortSignal): Promise<readonly string[]>;
}

export interface TraceSource extends Source {
  search(query: TraceQuery, signal?: AbortSignal): Promise<readonly TraceSummary[]>;
  trace(traceId: string, signal?: AbortSignal): Promise<Trace | undefined>;
  services(signal?: AbortSignal): Promise<readonly string[]>;
  operations(service: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** Something that happened and that a person should be able to read later: a refused reload, a source that fell over, an unsupported receiver. */
export interface MonitorEvent {
  readonly atMs: number;
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** A running whole. */
export interface Monitor {
  readonly metrics: MetricSource;
  readonly alerts: AlertSource;
  readonly logs: LogSource;
  readonly traces: TraceSource;
  /** What this monitor is, e.g. `demo`, `prometheus.yml`, a URL. */
  readonly name: string;
  /** Newest last, a bounded number. */
  events(): readonly MonitorEvent[];
  /** Reads the configuration again; rejects with ConfigError and keeps the running one where it is bad. */
  reload(): Promise<void>;
  close(): Promise<void>;
}
