/** What rules tell the outside: their state for the screens and the API, and the alerts that they send. */
import type { Labels } from '../labels/labels.ts';

/** Where alerts go. Has the shape of alerting's sink, which stands below this folder. */
export interface AlertReceiver {
  receive(alerts: readonly SentAlert[]): void;
}

export interface SentAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** When it resolved, or until when it may be taken as firing. */
  readonly endsAtMs: number;
  readonly generatorUrl: string;
}

export type RuleHealth = 'ok' | 'err' | 'unknown';
export type RuleAlertState = 'inactive' | 'pending' | 'firing';

/** An instance of an alerting rule, as the rule sees it. */
export interface RuleAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: RuleAlertState;
  readonly activeAtMs: number;
  readonly keepFiringSinceMs?: number | undefined;
  readonly value: number;
}

export interface RuleState {
  readonly kind: 'alerting' | 'recording';
  readonly name: string;
  readonly query: string;
  readonly labels: Labels;
  readonly health: RuleHealth;
  readonly lastError: string;
  /** 0: never. */
  readonly lastEvaluationMs: number;
  readonly evaluationSeconds: number;
  /** Alerting rules only, as everything below. */
  readonly state?: RuleAlertState | undefined;
  readonly forMs?: number | undefined;
  readonly keepFiringForMs?: number | undefined;
  readonly annotations?: Labels | undefined;
  readonly alerts?: readonly RuleAlert[] | undefined;
}

export interface RuleGroupState {
  readonly name: string;
  readonly file: string;
  readonly intervalMs: number;
  readonly limit: number;
  readonly lastEvaluationMs: number;
  readonly evaluationSeconds: number;
  readonly missedIterations?: number | undefined;
  /** Since the start, as everything below; undefined where a remote source does not say. */
  readonly iterations?: number | undefined;
  /** Of single rules. */
  readonly evaluations?: number | undefined;
  readonly failures?: number | undefined;
  /** Series that the last evaluation wrote. */
  readonly samples?: number | undefined;
  readonly rules: readonly RuleState[];
}
