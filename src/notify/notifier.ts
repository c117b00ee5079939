/** What a channel is: one notifier per integration, handed a group's alerts. */
import type { Alert } from '../alerting/model.ts';
import type { Labels } from '../labels/labels.ts';

export interface Notification {
  readonly receiver: string;
  /** Alertmanager's group key, e.g. `{}/{severity="critical"}:{alertname="A"}`. */
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** Firing first, each list in Alertmanager's order. */
  readonly alerts: readonly Alert[];
  readonly nowMs: number;
  /** Alertmanager's `.NotificationReason` and the like are derived from these. */
  readonly externalUrl: string;
}

/** `retry`: the fault may pass (back off and try again until the next interval); else it is final. */
export type NotifyOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly retry: boolean; readonly error: string };

export interface Notifier {
  notify(notification: Notification, signal: AbortSignal): Promise<NotifyOutcome>;
}
