/** What passes between rules, alerting and the faces: alerts, silences, notifications. */
import type { Labels } from '../labels/labels.ts';
import type { Matcher } from '../labels/matcher.ts';

/** An alert as rules (or a client of the API) send it. */
export interface PostableAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Undefined: now. */
  readonly startsAtMs?: number | undefined;
  /** Undefined: `resolve_timeout` from now. In the past: resolved. */
  readonly endsAtMs?: number | undefined;
  readonly generatorUrl: string;
}

export interface Alert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly generatorUrl: string;
}

/** What receives alerts: the local dispatcher, and the forwarder to real Alertmanagers. */
export interface AlertSink {
  receive(alerts: readonly PostableAlert[]): void;
}

export interface AlertStatus {
  readonly state: 'unprocessed' | 'active' | 'suppressed';
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
}

/** `/api/v2/alerts`' row. */
export interface RoutedAlert extends Alert {
  readonly status: AlertStatus;
  readonly receivers: readonly string[];
}

export interface AlertGroup {
  readonly labels: Labels;
  readonly receiver: string;
  /** Alertmanager's route identity, e.g. `{}/{severity="critical"}/0`. */
  readonly routeId: string;
  /** The route's labels, their templates expanded; undefined where the source does not say. */
  readonly routeLabels?: Labels | undefined;
  readonly alerts: readonly RoutedAlert[];
  readonly nextFlushMs: number | undefined;
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly state: 'expired' | 'active' | 'pending';
}

export interface PostableSilence {
  /** Set to replace that silence. */
  readonly id?: string | undefined;
  readonly matchers: readonly Matcher[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** One try (or one decision not to try) of one integration for one group: the screen's history of who was told. */
export interface NotificationRecord {
  readonly atMs: number;
  readonly receiver: string;
  /** e.g. `slack[0]`. */
  readonly integration: string;
  readonly groupLabels: Labels;
  readonly status: 'firing' | 'resolved';
  readonly firing: number;
  readonly resolved: number;
  readonly fingerprints: readonly string[];
  readonly outcome: 'sent' | 'failed' | 'retrying' | 'not-delivered' | 'suppressed';
  /** The named decision, e.g. `group-wait`, `repeat-interval-elapsed`, `silenced-by:ID`; or the error in words. */
  readonly reason: string;
  readonly durationMs: number;
  readonly nextTryMs?: number | undefined;
}
