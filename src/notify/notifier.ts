/** What a channel is: one notifier per integration, handed a group's alerts. */
export type { Notification, Notifier, NotifyOutcome } from '../alerting/integration.ts';
