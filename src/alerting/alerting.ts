/** What Alertmanager is, as one object: alerts in, notifications out, silences and the state of it all to be asked for. */
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import type { Clock, Timer } from '../config/clock.ts';
import { Labels } from '../labels/labels.ts';
import { isResolved, type StoredAlert } from './alert.ts';
import { AlertStore } from './alert-store.ts';
import { Dispatcher, oldestFirst } from './dispatcher.ts';
import { type ExplanationSection, explainAlert } from './explain.ts';
import { type AlertFilter, type CompiledFilter, compileFilter } from './filter.ts';
import type { Group } from './group.ts';
import { NotificationHistory } from './history.ts';
import { Inhibitor } from './inhibitor.ts';
import type { Channels } from './integration.ts';
import type {
  AlertGroup,
  AlertSink,
  AlertStatus,
  NotificationRecord,
  PostableAlert,
  PostableSilence,
  RoutedAlert,
  Silence,
} from './model.ts';
import { NotificationCounts } from './notification-counts.ts';
import { NotificationLog } from './notification-log.ts';
import { Pipeline } from './pipeline.ts';
import { Route } from './route-tree.ts';
import { type SilenceLimits, Silences } from './silences.ts';
import { type Report, StateDirectory } from './state-directory.ts';
import type { StateFileSystem } from './state-files.ts';

export interface AlertingOptions {
  readonly config: AlertmanagerConfig;
  /** Called again at each reload. */
  readonly channels: (config: AlertmanagerConfig) => Channels;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** A new UUID for a silence. */
  readonly newId: () => string;
  /** Undefined: nothing is kept over a restart. */
  readonly stateDirectory?: string | undefined;
  readonly fileSystem: StateFileSystem;
  readonly externalUrl: string;
  readonly report: Report;
  /** `--data.retention` of Alertmanager: 120 h where not given. */
  readonly retentionMs?: number | undefined;
  readonly silenceLimits?: SilenceLimits | undefined;
  /** For how long a group that has been told of is not told of again, whatever fires anew in it. */
  readonly cooldownMs?: ((groupLabels: Labels) => number) | undefined;
}

const DEFAULT_RETENTION_MS = 120 * 3_600_000;
/** How long a reload waits for notifications under way. */
const RELOAD_GRACE_MS = 5_000;
const COLLECT_ALERTS_MS = 30 * 60_000;
const COLLECT_REST_MS = 15 * 60_000;

export class Alerting implements AlertSink {
  readonly #options: AlertingOptions;
  readonly #state: StateDirectory;
  readonly #store: AlertStore;
  readonly #silences: Silences;
  readonly #log: NotificationLog;
  readonly #history = new NotificationHistory();
  readonly #counts = new NotificationCounts();
  readonly #startedMs: number;
  readonly #timers = new Map<string, Timer>();
  #config: AlertmanagerConfig;
  #channels: Channels;
  #inhibitor: Inhibitor;
  #dispatcher: Dispatcher;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: AlertingOptions) {
    const { clock, config, report } = options;
    this.#options = options;
    this.#startedMs = clock.nowMs();
    this.#state = new StateDirectory({ path: options.stateDirectory, fileSystem: options.fileSystem, clock, report });
    const retentionMs = options.retentionMs ?? DEFAULT_RETENTION_MS;
    this.#store = new AlertStore(clock, this.#state, config.resolveTimeoutMs);
    this.#silences = new Silences({
      clock,
      state: this.#state,
      newId: options.newId,
      retentionMs,
      limits: options.silenceLimits ?? { maxSilences: 0, maxSilenceBytes: 0 },
    });
    this.#log = new NotificationLog({ clock, state: this.#state, retentionMs });
    this.#config = config;
    this.#channels = options.channels(config);
    this.#inhibitor = this.#newInhibitor();
    this.#dispatcher = this.#newDispatcher();
    this.#every(COLLECT_ALERTS_MS, () => this.#store.collect(this.#dispatcher.held()));
    this.#every(COLLECT_REST_MS, () => {
      this.#inhibitor.collect(clock.nowMs());
      this.#silences.collect();
      this.#log.collect();
    });
  }

  /** Takes alerts in; they are checked already. */
  receive(alerts: readonly PostableAlert[]): void {
    for (const alert of this.#store.put(alerts, this.#config.resolveTimeoutMs)) {
      this.#counts.received[isResolved(alert, this.#options.clock.nowMs()) ? 'resolved' : 'firing']++;
      // Sources first: an alert must not slip past an inhibition that came with it.
      this.#inhibitor.observe(alert);
      this.#dispatcher.dispatch(alert);
    }
  }

  /** As `receive`; resolves once a restart would not lose them. */
  async postAlerts(alerts: readonly PostableAlert[]): Promise<void> {
    this.receive(alerts);
    await this.#store.sync();
  }

  /** Alerts that are not resolved, by fingerprint. Throws Error where a matcher or the receiver's pattern cannot be parsed. */
  alerts(filter: AlertFilter): readonly RoutedAlert[] {
    const accepts = compileFilter(filter);
    const nowMs = this.#options.clock.nowMs();
    const found: RoutedAlert[] = [];
    for (const alert of this.#store.all()) {
      const receivers = this.#dispatcher.route.match(alert.labels).map((route) => route.config.receiver);
      if (!receivers.some((receiver) => accepts.receiver(receiver))) continue;
      const routed = this.#routed(alert, receivers, accepts, [], nowMs);
      if (routed !== undefined) found.push(routed);
    }
    return found.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  }

  /** Throws as `alerts` does. */
  alertGroups(filter: AlertFilter): readonly AlertGroup[] {
    const accepts = compileFilter(filter);
    const nowMs = this.#options.clock.nowMs();
    const groups = this.#dispatcher.groups().filter(({ route }) => accepts.receiver(route.config.receiver));
    const receiversOf = new Map<string, string[]>();
    for (const { route, alerts } of groups.map((group) => ({ route: group.route, alerts: group.alerts() }))) {
      for (const { fingerprint } of alerts) {
        receiversOf.set(fingerprint, [...(receiversOf.get(fingerprint) ?? []), route.config.receiver].sort());
      }
    }
    return groups.flatMap((group) => {
      if (filter.muted === false && group.mutedBy.length > 0) return [];
      const alerts = group
        .alerts()
        .flatMap(
          (alert) => this.#routed(alert, receiversOf.get(alert.fingerprint) ?? [], accepts, group.mutedBy, nowMs) ?? [],
        );
      if (alerts.length === 0) return [];
      return [
        {
          labels: group.labels,
          receiver: group.route.config.receiver,
          routeId: group.route.id,
          routeLabels: this.#routeLabels(group, nowMs),
          alerts,
          nextFlushMs: group.nextFlushMs,
        },
      ];
    });
  }

  /** Active ones first, then pending, then expired. */
  silences(): readonly Silence[] {
    return this.#silences.list();
  }

  silence(id: string): Silence | undefined {
    return this.#silences.get(id);
  }

  /** Gives the id. Rejects with SilenceError. */
  setSilence(silence: PostableSilence): Promise<string> {
    return this.#silences.set(silence);
  }

  /** False where there is no such silence. */
  expireSilence(id: string): Promise<boolean> {
    return this.#silences.expire(id);
  }

  /** Newest first, of a bounded number. */
  notifications(limit: number): readonly NotificationRecord[] {
    return this.#history.newest(limit);
  }

  status(): {
    readonly configText: string;
    readonly startedMs: number;
    readonly receivers: readonly string[];
    readonly receiverLabels: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly resolveTimeoutMs: number;
    readonly undeliverable: readonly {
      readonly receiver: string;
      readonly integration: string;
      readonly reason: string;
    }[];
  } {
    return {
      configText: this.#config.redactedText,
      startedMs: this.#startedMs,
      receivers: this.#config.receivers.map((receiver) => receiver.name),
      receiverLabels: Object.fromEntries(
        this.#config.receivers.map(({ name, labels }) => [name, { ...labels, name }] as const),
      ),
      resolveTimeoutMs: this.#config.resolveTimeoutMs,
      undeliverable: [...this.#channels.receivers].flatMap(([receiver, integrations]) =>
        integrations.flatMap(({ name, notifier }) =>
          typeof notifier === 'string' ? [{ receiver, integration: name, reason: notifier }] : [],
        ),
      ),
    };
  }

  /** Why alerts with these labels are or are not notified of; they need not exist. */
  explain(labels: Labels): readonly ExplanationSection[] {
    return explainAlert(labels, {
      nowMs: this.#options.clock.nowMs(),
      route: this.#dispatcher.route,
      groupOf: (route) => this.#dispatcher.groupOf(route, labels),
      store: this.#store,
      inhibitor: this.#inhibitor,
      silences: this.#silences,
      log: this.#log,
      history: this.#history,
      receivers: this.#channels.receivers,
      timeIntervals: this.#timeIntervals(),
    });
  }

  /** Since the start, over all reloads. */
  get counts(): NotificationCounts {
    return this.#counts;
  }

  /** Takes over another configuration: what is under way is finished by the old one, all alerts are routed anew. */
  reload(config: AlertmanagerConfig): Promise<void> {
    // One that was refused does not stand in the way of the next.
    const before = this.#reloading.catch(() => {});
    this.#reloading = before.then(async () => {
      const channels = this.#options.channels(config);
      const outdated = this.#dispatcher;
      this.#config = config;
      this.#channels = channels;
      this.#inhibitor = this.#newInhibitor();
      // A notification that is on its way must not be sent a second time by its successor.
      await outdated.stop(RELOAD_GRACE_MS);
      this.#dispatcher = this.#newDispatcher();
    });
    return this.#reloading;
  }

  /** Lets notifications under way end for `graceMs`, then cancels them, and closes the state folder. */
  async close(graceMs = 2_000): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    await this.#reloading.catch(() => {});
    await this.#dispatcher.stop(graceMs);
    await this.#state.close();
  }

  #routed(
    alert: StoredAlert,
    receivers: readonly string[],
    accepts: CompiledFilter,
    mutedBy: readonly string[],
    nowMs: number,
  ): RoutedAlert | undefined {
    if (isResolved(alert, nowMs) || !accepts.labels(alert.labels)) return undefined;
    const status = this.#statusOf(alert, mutedBy, nowMs);
    if (!accepts.status(status)) return undefined;
    const { timeout: _, ...rest } = alert;
    // Filters look at silences and inhibition alone, as Alertmanager's do.
    const state = mutedBy.length > 0 ? 'suppressed' : status.state;
    return { ...rest, status: { ...status, state }, receivers };
  }

  /** As it would be if its group were flushed now. */
  #statusOf(alert: StoredAlert, mutedBy: readonly string[], nowMs: number): AlertStatus {
    const silencedBy = this.#silences.active(alert.fingerprint, alert.labels).map(({ id }) => id);
    const inhibitedBy = this.#inhibitor
      .inhibitions(alert.labels, nowMs)
      .flatMap(({ sources }) => sources.map(({ fingerprint }) => fingerprint));
    const suppressed = silencedBy.length > 0 || inhibitedBy.length > 0;
    return { state: suppressed ? 'suppressed' : 'active', silencedBy, inhibitedBy, mutedBy };
  }

  #routeLabels(group: Group, nowMs: number): Labels {
    const labels = Labels.of(group.route.config.labels ?? {});
    if (labels.size === 0) return labels;
    return this.#channels.routeLabels({
      receiver: group.route.config.receiver,
      groupKey: group.key,
      groupLabels: group.labels,
      routeLabels: labels,
      alerts: group.alerts(),
      nowMs,
      externalUrl: this.#options.externalUrl,
      reason: 'unknown',
      store: new Map(),
    });
  }

  #newInhibitor(): Inhibitor {
    const inhibitor = new Inhibitor(this.#config.inhibitRules);
    for (const alert of this.#store.all()) inhibitor.observe(alert);
    return inhibitor;
  }

  #newDispatcher(): Dispatcher {
    const { clock, random, externalUrl, cooldownMs } = this.#options;
    for (const integrations of this.#channels.receivers.values()) {
      this.#counts.add(integrations.map(({ name }) => name));
    }
    const pipeline = new Pipeline({
      clock,
      random,
      externalUrl,
      cooldownMs,
      inhibitor: this.#inhibitor,
      silences: this.#silences,
      timeIntervals: this.#timeIntervals(),
      log: this.#log,
      history: this.#history,
      counts: this.#counts,
      receivers: this.#channels.receivers,
    });
    const dispatcher = new Dispatcher(new Route(this.#config.route), clock, (flush) => pipeline.run(flush));
    for (const alert of oldestFirst(this.#store.all())) dispatcher.dispatch(alert);
    return dispatcher;
  }

  #timeIntervals(): ReadonlyMap<string, AlertmanagerConfig['timeIntervals'][number]> {
    return new Map(this.#config.timeIntervals.map((interval) => [interval.name, interval]));
  }

  #every(intervalMs: number, work: () => void): void {
    const key = String(intervalMs);
    const arm = (): void => {
      this.#timers.set(
        key,
        this.#options.clock.after(intervalMs, () => {
          work();
          arm();
        }),
      );
    };
    arm();
  }
}
