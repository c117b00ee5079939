/** Why an alert is or is not notified of: its route, its groups and their timers, what mutes it, and who was told. */
import type { NamedTimeInterval } from '../config/alertmanager-config.ts';
import { formatDuration } from '../config/duration.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import type { Labels } from '../labels/labels.ts';
import { isResolved } from './alert.ts';
import type { AlertStore } from './alert-store.ts';
import type { Group } from './group.ts';
import { gatherTries, type NotificationHistory, type Tries } from './history.ts';
import type { Inhibitor } from './inhibitor.ts';
import type { Integration } from './integration.ts';
import type { NotificationLog } from './notification-log.ts';
import { labelSetText, matchersText, type Route, routeStepText } from './route-tree.ts';
import type { Silences } from './silences.ts';
import { mutingIntervals } from './time-interval.ts';

export interface ExplanationSection {
  readonly heading: string;
  readonly lines: readonly string[];
}

export interface AlertingView {
  readonly nowMs: number;
  readonly route: Route;
  readonly groupOf: (route: Route) => Group | undefined;
  readonly store: AlertStore;
  readonly inhibitor: Inhibitor;
  readonly silences: Silences;
  readonly log: NotificationLog;
  readonly history: NotificationHistory;
  readonly receivers: ReadonlyMap<string, readonly Integration[]>;
  readonly timeIntervals: ReadonlyMap<string, NamedTimeInterval>;
}

const NOTIFICATIONS_SHOWN = 20;
const RECORDS_READ = 500;

/** Sections in the order in which the decisions are taken. Times are UTC. */
export function explainAlert(labels: Labels, view: AlertingView): readonly ExplanationSection[] {
  const name = fingerprint(labels);
  return [
    { heading: 'Alert', lines: alertLines(name, view) },
    { heading: 'Route', lines: view.route.trace(labels).map(routeStepText) },
    ...view.route.match(labels).map((route) => ({
      heading: `Group of receiver ${route.config.receiver}`,
      lines: groupLines(route, labels, name, view),
    })),
    { heading: 'Inhibited', lines: inhibitionLines(labels, view) },
    { heading: 'Silenced', lines: silenceLines(name, labels, view) },
    { heading: 'Notifications', lines: notificationLines(name, view) },
  ];
}

function alertLines(name: string, view: AlertingView): readonly string[] {
  const alert = view.store.get(name);
  if (alert === undefined) return ['not-received: no alert with these labels has reached the dispatcher'];
  const end = isResolved(alert, view.nowMs)
    ? `resolved since ${timeText(alert.endsAtMs)}`
    : `firing; taken as resolved at ${timeText(alert.endsAtMs)}${alert.timeout ? ' (resolve_timeout)' : ''} unless it is reported again`;
  return [
    `fingerprint ${name}, started ${timeText(alert.startsAtMs)}, last reported ${timeText(alert.updatedAtMs)}`,
    end,
  ];
}

function groupLines(route: Route, labels: Labels, name: string, view: AlertingView): readonly string[] {
  const { config } = route;
  const group = view.groupOf(route);
  const lines = [
    `group ${labelSetText(route.groupLabels(labels))}, key ${route.groupKey(route.groupLabels(labels))}`,
    `group_wait ${formatDuration(config.groupWaitMs)}, group_interval ${formatDuration(config.groupIntervalMs)}, repeat_interval ${formatDuration(config.repeatIntervalMs)}`,
  ];
  if (group === undefined) lines.push('no such group at the moment: it is made when an alert for it arrives');
  else {
    const count = group.alerts().length;
    lines.push(
      `${count} ${count === 1 ? 'alert' : 'alerts'} in the group${group.has(name) ? ', this one among them' : ''}`,
    );
    if (group.isNotifying) lines.push('a notification is under way');
    if (group.nextFlushMs !== undefined)
      lines.push(`${group.waitsFor}: next flush ${untilText(group.nextFlushMs, view)}`);
  }
  return [...lines, ...timeMuteLines(route, view), ...integrationLines(route, labels, name, view)];
}

function timeMuteLines(route: Route, view: AlertingView): readonly string[] {
  const muting = mutingIntervals(view.timeIntervals, route.config, view.nowMs);
  return muting.map(({ name, why }) => `${why}:${name}: nothing is sent now`);
}

function integrationLines(route: Route, labels: Labels, name: string, view: AlertingView): readonly string[] {
  const { receiver, repeatIntervalMs } = route.config;
  const integrations = view.receivers.get(receiver) ?? [];
  if (integrations.length === 0) return [`receiver ${receiver} has no integrations: nobody is told`];
  return integrations.map((integration) => {
    if (typeof integration.notifier === 'string') return `${integration.name}: not-delivered: ${integration.notifier}`;
    const entry = view.log.find(route.groupKey(route.groupLabels(labels)), receiver, integration.name);
    if (entry === undefined || entry.atMs === 0) return `${integration.name}: has not been told of this group`;
    const toldOf = entry.firing.includes(name)
      ? 'told that this alert fires'
      : entry.resolved.includes(name)
        ? 'told that this alert is resolved'
        : 'not told of this alert yet';
    const again =
      entry.firing.length > 0 ? `; if nothing changes, again from ${timeText(entry.atMs + repeatIntervalMs)}` : '';
    return `${integration.name}: last told ${timeText(entry.atMs)}, ${toldOf}${again}`;
  });
}

function inhibitionLines(labels: Labels, view: AlertingView): readonly string[] {
  const inhibitions = view.inhibitor.inhibitions(labels, view.nowMs);
  if (inhibitions.length === 0) return ['not-inhibited'];
  return inhibitions.flatMap(({ rule, index, sources }) =>
    sources.map(
      (source) =>
        `inhibited-by:${source.fingerprint} ${labelSetText(source.labels)} through rule ${rule.name ?? index + 1}`,
    ),
  );
}

function silenceLines(name: string, labels: Labels, view: AlertingView): readonly string[] {
  const silences = view.silences.active(name, labels);
  if (silences.length === 0) return ['not-silenced'];
  return silences.map(
    ({ id, createdBy, comment, endsAtMs, matchers }) =>
      `silenced-by:${id} ${matchersText(matchers)} by ${createdBy} until ${untilText(endsAtMs, view)}: ${comment}`,
  );
}

function notificationLines(name: string, view: AlertingView): readonly string[] {
  const tries = gatherTries(view.history.of(name, RECORDS_READ)).slice(0, NOTIFICATIONS_SHOWN);
  return tries.length === 0 ? ['none so far'] : tries.map((each) => triesLine(each, view));
}

function triesLine({ record, count, sinceMs }: Tries, view: AlertingView): string {
  const often = count === 1 ? '' : `; ${count} tries since ${timeText(sinceMs)}`;
  // One that is past was made, or is told of by a later record.
  const waits = record.nextTryMs !== undefined && record.nextTryMs > view.nowMs;
  const next = waits ? `; next try ${untilText(record.nextTryMs!, view)}` : '';
  return `${timeText(record.atMs)} ${record.receiver}/${record.integration} ${record.outcome}: ${record.reason} (${record.firing} firing, ${record.resolved} resolved, ${record.durationMs} ms)${often}${next}`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function untilText(ms: number, view: AlertingView): string {
  const left = ms - view.nowMs;
  const rounded = left < 10_000 ? Math.ceil(left / 100) * 100 : Math.ceil(left / 1000) * 1000;
  return left <= 0 ? 'now' : `${timeText(ms)} (in ${formatDuration(rounded)})`;
}
