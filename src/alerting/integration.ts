/** What alerting hands to a channel and gets back: one notifier per integration, given a group's alerts. */
import type { Labels } from '../labels/labels.ts';
import type { Alert } from './model.ts';

/** Why a group's notification is due; `none`: it is not. */
export type NotificationReason =
  | 'none'
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed'
  | 'unknown';

export interface Notification {
  readonly receiver: string;
  /** Alertmanager's group key, e.g. `{}/{severity="critical"}:{alertname="A"}`. */
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** The route's labels, templates not yet expanded. */
  readonly routeLabels: Labels;
  /** In Alertmanager's order. An alert that fires has `endsAtMs` ZERO_TIME_MS; any other is resolved. */
  readonly alerts: readonly Alert[];
  readonly nowMs: number;
  readonly externalUrl: string;
  readonly reason: NotificationReason;
  /** What the channel wants to find again at the group's next notification (e.g. the id of a message to update). */
  readonly store: Map<string, string>;
}

/** `retry`: the fault may pass (back off and try again until the next interval); else it is final. */
export type NotifyOutcome = DeliveredOutcome | FailedOutcome;

export interface DeliveredOutcome {
  readonly ok: true;
  /** What of it the service did not take, in words. */
  readonly remark?: string;
}

export interface FailedOutcome {
  readonly ok: false;
  readonly retry: boolean;
  readonly error: string;
  /** Of the service's answer, where there was one over HTTP. */
  readonly status?: number | undefined;
  /** The service asks for a pause of at least so long; undefined: it does not. */
  readonly retryAfterMs?: number | undefined;
}

export interface Notifier {
  notify(notification: Notification, signal: AbortSignal): Promise<NotifyOutcome>;
}

/** What a configuration's receivers and templates make. */
export interface Channels {
  /** By receiver, in the order of the file. */
  readonly receivers: ReadonlyMap<string, readonly Integration[]>;
  /** The labels of the notification's route, their templates expanded; those that fail are left out. */
  routeLabels(notification: Notification): Labels;
}

/** One entry of a receiver, ready to be used. */
export interface Integration {
  /** e.g. `slack[0]`. */
  readonly name: string;
  readonly sendResolved: boolean;
  /** A string: it cannot deliver, and why. */
  readonly notifier: Notifier | string;
}
