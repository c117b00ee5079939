/** What happens to a group's flush: muting by inhibition, times and silences, then for each integration deduplication, sending with retries, and the log. */
import type { NamedTimeInterval, RouteConfig } from '../config/alertmanager-config.ts';
import type { Clock } from '../config/clock.ts';
import { Labels } from '../labels/labels.ts';
import { isResolved } from './alert.ts';
import type { Flush } from './group.ts';
import type { NotificationHistory } from './history.ts';
import type { Inhibitor } from './inhibitor.ts';
import type { FailedOutcome, Integration, Notification, NotificationReason, Notifier } from './integration.ts';
import type { Alert, NotificationRecord } from './model.ts';
import { type FailureReason, failureReason, type NotificationCounts } from './notification-counts.ts';
import { dueReason, type LogEntry, type NotificationLog } from './notification-log.ts';
import { RetryBackOff, sleep } from './retry.ts';
import type { Silences } from './silences.ts';
import { mutingIntervals } from './time-interval.ts';

export interface PipelineOptions {
  readonly clock: Clock;
  /** In [0, 1), for the back-off. */
  readonly random: () => number;
  readonly inhibitor: Inhibitor;
  readonly silences: Silences;
  readonly timeIntervals: ReadonlyMap<string, NamedTimeInterval>;
  readonly log: NotificationLog;
  readonly history: NotificationHistory;
  readonly counts: NotificationCounts;
  readonly receivers: ReadonlyMap<string, readonly Integration[]>;
  readonly externalUrl: string;
  /** For how long a group that has been told of is not told of again, whatever fires anew in it; 0 where there is none. */
  readonly cooldownMs?: ((groupLabels: Labels) => number) | undefined;
}

export class Pipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** False where an integration could not be told. */
  async run(flush: Flush): Promise<boolean> {
    const { inhibitor, silences, clock } = this.#options;
    const uninhibited = this.#unmuted(flush, 'inhibition', flush.alerts, (alert) =>
      inhibitor
        .inhibitions(alert.labels, clock.nowMs())
        .flatMap(({ sources }) => sources.map((source) => `inhibited-by:${source.fingerprint}`)),
    );
    if (uninhibited.length === 0 || this.#mutedByTime(flush, uninhibited)) return true;
    const audible = this.#unmuted(flush, 'silence', uninhibited, (alert) =>
      silences.active(alert.fingerprint, alert.labels).map((silence) => `silenced-by:${silence.id}`),
    );
    if (audible.length === 0) return true;
    const integrations = this.#options.receivers.get(flush.group.route.config.receiver) ?? [];
    const told = await Promise.all(integrations.map((integration) => this.#tell(integration, flush, audible)));
    return told.every((done) => done);
  }

  #unmuted(
    flush: Flush,
    stage: 'inhibition' | 'silence',
    alerts: readonly Alert[],
    reasonsOf: (alert: Alert) => readonly string[],
  ): readonly Alert[] {
    const muted: Alert[] = [];
    const reasons = new Set<string>();
    const audible = alerts.filter((alert) => {
      const [reason, ...more] = reasonsOf(alert);
      if (reason === undefined) return true;
      muted.push(alert);
      for (const each of [reason, ...more]) reasons.add(each);
      return false;
    });
    this.#recordSuppression(flush, stage, muted, [...reasons]);
    return audible;
  }

  #mutedByTime(flush: Flush, alerts: readonly Alert[]): boolean {
    const muting = mutingIntervals(this.#options.timeIntervals, flush.group.route.config, flush.nowMs);
    flush.group.mutedBy = muting.map(({ name }) => name);
    const reasons = muting.map(({ name, why }) => `${why}:${name}`);
    this.#recordSuppression(flush, 'time', muting.length > 0 ? alerts : [], reasons);
    return muting.length > 0;
  }

  /** Once for as long as a stage suppresses the same alerts for the same reasons. */
  #recordSuppression(flush: Flush, stage: string, alerts: readonly Alert[], reasons: readonly string[]): void {
    const { suppressions } = flush.group;
    const reason = reasons.join(' ');
    const summary = `${reason} ${alerts.map((alert) => alert.fingerprint).join(' ')}`;
    if (alerts.length === 0) suppressions.delete(stage);
    else if (suppressions.get(stage) !== summary) {
      suppressions.set(stage, summary);
      this.#record(flush, '*', alerts, { outcome: 'suppressed', reason, durationMs: 0 });
    }
  }

  async #tell(integration: Integration, flush: Flush, alerts: readonly Alert[]): Promise<boolean> {
    const { log } = this.#options;
    const { group } = flush;
    const { receiver, repeatIntervalMs } = group.route.config;
    const firing = fingerprints(alerts.filter((alert) => !isResolved(alert, flush.nowMs)));
    const resolved = fingerprints(alerts.filter((alert) => isResolved(alert, flush.nowMs)));
    const entry = log.find(group.key, receiver, integration.name);
    // By the time it was due, as Alertmanager counts: else a flush that is a little late would repeat where one in time
    // does not, `repeat_interval` being a multiple of `group_interval` as a rule.
    const repeatMs = repeatIntervalMs - driftMs(group.route.config);
    const reason = dueReason(entry, firing, resolved, integration.sendResolved, repeatMs, flush.dueMs);
    if (reason === 'none' || this.#coolsDown(flush, alerts, firing.size, entry)) return true;
    const store = new Map(reason === 'first notification' ? [] : Object.entries(entry?.store ?? {}));
    const sent = integration.sendResolved ? alerts : alerts.filter((alert) => firing.has(alert.fingerprint));
    // Where nothing is to be said about resolved alerts, the log still has to forget that they fired.
    if (sent.length > 0) {
      log.begin(group.key, receiver, integration.name, [...firing], repeatIntervalMs);
      if (!(await this.#send(integration, flush, sent, reason, store))) {
        // One that was cut off may have arrived all the same.
        if (!flush.signal.aborted) log.giveUp(group.key, receiver, integration.name);
        return false;
      }
    }
    await log.record(
      group.key,
      receiver,
      integration.name,
      { firing: [...firing], resolved: [...resolved], store: Object.fromEntries(store) },
      repeatIntervalMs,
    );
    return true;
  }

  /** What is resolved is told of all the same. */
  #coolsDown(flush: Flush, alerts: readonly Alert[], firing: number, entry: LogEntry | undefined): boolean {
    if (this.#options.cooldownMs === undefined || entry?.firingAtMs === undefined || firing === 0) return false;
    const untilMs = entry.firingAtMs + this.#options.cooldownMs(flush.group.labels);
    if (flush.nowMs >= untilMs) return false;
    this.#recordSuppression(flush, 'cooldown', alerts, [`cooldown-until:${new Date(untilMs).toISOString()}`]);
    return true;
  }

  async #send(
    integration: Integration,
    flush: Flush,
    alerts: readonly Alert[],
    reason: NotificationReason,
    store: Map<string, string>,
  ): Promise<boolean> {
    if (typeof integration.notifier === 'string') {
      this.#record(flush, integration.name, alerts, {
        outcome: 'not-delivered',
        reason: integration.notifier,
        durationMs: 0,
      });
      // It will never be delivered; trying at each flush would only repeat the record.
      return true;
    }
    const { route, key, labels } = flush.group;
    const notification: Notification = {
      receiver: route.config.receiver,
      groupKey: key,
      groupLabels: labels,
      routeLabels: Labels.of(route.config.labels ?? {}),
      alerts,
      nowMs: flush.nowMs,
      externalUrl: this.#options.externalUrl,
      reason,
      store,
    };
    const { counts } = this.#options;
    counts.began(integration.name);
    const failure = await this.#sendWithRetries(integration.name, integration.notifier, notification, flush);
    if (failure !== undefined) counts.failed(integration.name, failure);
    return failure === undefined;
  }

  /** Undefined: it was sent. */
  async #sendWithRetries(
    name: string,
    notifier: Notifier,
    notification: Notification,
    flush: Flush,
  ): Promise<FailureReason | undefined> {
    const { clock, random, counts } = this.#options;
    const backOff = new RetryBackOff(random);
    let lastError = '';
    let failure: FailureReason | undefined;
    for (let attempt = 1; ; attempt++) {
      const startedMs = clock.nowMs();
      const outcome = await attemptOnce(notifier, notification, flush.signal);
      const durationMs = clock.nowMs() - startedMs;
      counts.attempted(name, outcome.ok, durationMs);
      if (outcome.ok) {
        this.#record(flush, name, notification.alerts, {
          outcome: 'sent',
          reason: reasonName(notification.reason) + (outcome.remark === undefined ? '' : `; ${outcome.remark}`),
          durationMs,
        });
        return undefined;
      }
      lastError = outcome.error || lastError;
      // A try that was cut off says less than the one before it.
      if (!flush.signal.aborted || failure === undefined) failure = reasonOf(outcome, flush);
      const waitMs = Math.max(0, startedMs + backOff.nextMs() - clock.nowMs(), outcome.retryAfterMs ?? 0);
      const mayRetry = outcome.retry && !flush.retrySignal.aborted;
      this.#record(flush, name, notification.alerts, {
        outcome: mayRetry ? 'retrying' : 'failed',
        reason: lastError,
        durationMs,
        nextTryMs: mayRetry ? clock.nowMs() + waitMs : flush.group.nextFlushMs,
      });
      if (!mayRetry) return failure;
      await sleep(clock, waitMs, flush.retrySignal);
      if (flush.retrySignal.aborted) {
        this.#record(flush, name, notification.alerts, {
          outcome: 'failed',
          reason: `given up after ${attempt} attempts: ${lastError}`,
          durationMs: 0,
          nextTryMs: flush.group.nextFlushMs,
        });
        return failure;
      }
    }
  }

  #record(
    flush: Flush,
    integration: string,
    alerts: readonly Alert[],
    what: Pick<NotificationRecord, 'outcome' | 'reason' | 'durationMs' | 'nextTryMs'>,
  ): void {
    const firing = alerts.filter((alert) => !isResolved(alert, flush.nowMs)).length;
    this.#options.history.add({
      atMs: this.#options.clock.nowMs(),
      receiver: flush.group.route.config.receiver,
      integration,
      groupLabels: flush.group.labels,
      status: firing > 0 ? 'firing' : 'resolved',
      firing,
      resolved: alerts.length - firing,
      fingerprints: alerts.map((alert) => alert.fingerprint),
      ...what,
    });
  }
}

/**
 * What a repeat may lack in age. Alertmanager counts from when a notification had arrived, and its ticks drift: after one
 * or two group intervals the drift is less than the sending took, after several it is more, and the repeat is in time.
 */
function driftMs({ repeatIntervalMs, groupIntervalMs }: RouteConfig): number {
  return repeatIntervalMs < DRIFTING_INTERVALS * groupIntervalMs ? 0 : Math.min(MOST_DRIFT_MS, groupIntervalMs / 10);
}

const DRIFTING_INTERVALS = 4;
const MOST_DRIFT_MS = 100;

function reasonOf({ status }: FailedOutcome, { group, signal }: Flush): FailureReason {
  if (!signal.aborted) return failureReason(status);
  // A group that was stopped has no next flush.
  return group.nextFlushMs === undefined ? 'contextCanceled' : 'contextDeadlineExceeded';
}

/** `first notification` as a name: `first-notification`. */
function reasonName(reason: NotificationReason): string {
  return reason.replaceAll(' ', '-');
}

function fingerprints(alerts: readonly Alert[]): ReadonlySet<string> {
  return new Set(alerts.map((alert) => alert.fingerprint));
}

/** A notifier that throws, or that does not heed the signal, is a failed attempt that may be repeated. */
async function attemptOnce(
  notifier: Notifier,
  notification: Notification,
  signal: AbortSignal,
): ReturnType<Notifier['notify']> {
  const abortedError = (): string => (signal.reason instanceof Error ? signal.reason.message : 'cancelled');
  if (signal.aborted) return { ok: false, retry: true, error: abortedError() };
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([
      notifier.notify(notification, signal),
      aborted.then(() => ({ ok: false, retry: true, error: abortedError() }) as const),
    ]);
  } catch (error) {
    return { ok: false, retry: true, error: error instanceof Error ? error.message : String(error) };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
