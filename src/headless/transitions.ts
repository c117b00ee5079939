/** What changed between two looks at a monitor: alerts that changed state, notifications, source states, events. A pure function of both. */
import type { NotificationRecord } from '../alerting/model.ts';
import type { Labels } from '../labels/labels.ts';
import type {
  DiscoveryStatus,
  MonitorEvent,
  RuleAlert,
  RuleAlertState,
  RuleGroupState,
  RuleState,
  SourceState,
  TargetState,
} from '../monitor/sources.ts';

/** One look at everything that the headless face reports of. */
export interface Look {
  readonly atMs: number;
  readonly groups: readonly RuleGroupState[];
  readonly targets: readonly TargetState[];
  readonly discoveries: readonly DiscoveryStatus[];
  /** Newest first. */
  readonly notifications: readonly NotificationRecord[];
  readonly states: Readonly<Record<string, SourceState>>;
  readonly events: readonly MonitorEvent[];
}

export type Change =
  | {
      readonly kind: 'alert';
      readonly atMs: number;
      readonly state: RuleAlertState;
      readonly alertname: string;
      readonly labels: Labels;
      readonly annotations: Labels;
      readonly value: number;
      readonly activeAtMs: number;
    }
  | ({ readonly kind: 'notification' } & NotificationRecord)
  | {
      readonly kind: 'target';
      readonly atMs: number;
      readonly health: TargetState['health'];
      readonly job: string;
      readonly url: string;
      readonly error: string;
    }
  | {
      readonly kind: 'discovery';
      readonly atMs: number;
      readonly job: string;
      readonly origin: string;
      readonly error: string;
    }
  | {
      readonly kind: 'rule';
      readonly atMs: number;
      readonly health: 'ok' | 'err';
      readonly group: string;
      readonly name: string;
      readonly error: string;
    }
  | {
      readonly kind: 'source';
      readonly atMs: number;
      readonly source: string;
      readonly state: SourceState['kind'];
      readonly endpoint: string;
      readonly reason: string;
    }
  | ({ readonly kind: 'event' } & MonitorEvent);

/** The changes that lead from `before` (undefined: from nothing) to `after`, in the order in which a person should read them. */
export function changesBetween(before: Look | undefined, after: Look): Change[] {
  const [was, is] = before === undefined ? [undefined, after] : withoutSameGroups(before, after);
  return [
    ...eventChanges(before, after),
    ...sourceChanges(before, after),
    ...discoveryChanges(before, after),
    ...targetChanges(before, after),
    ...ruleChanges(was, is),
    ...alertChanges(was, is),
    ...notificationChanges(before, after),
  ];
}

/** A group of which nothing was evaluated in between is the same object in both. */
function withoutSameGroups(before: Look, after: Look): readonly [Look, Look] {
  const was = new Set(before.groups);
  const is = new Set(after.groups);
  return [
    { ...before, groups: before.groups.filter((group) => !is.has(group)) },
    { ...after, groups: after.groups.filter((group) => !was.has(group)) },
  ];
}

function eventChanges(before: Look | undefined, after: Look): Change[] {
  const last = before?.events.at(-1);
  const from =
    last === undefined
      ? 0
      : after.events.findLastIndex((event) => event.atMs === last.atMs && event.text === last.text) + 1;
  return after.events.slice(from).map((event) => ({ kind: 'event', ...event }));
}

function sourceChanges(before: Look | undefined, after: Look): Change[] {
  const changes: Change[] = [];
  for (const [source, state] of Object.entries(after.states)) {
    const was = before?.states[source];
    const same = was?.kind === state.kind && was.reason === state.reason;
    const first = was === undefined && (state.kind === 'live' || state.kind === 'off');
    if (same || first) continue;
    changes.push({
      kind: 'source',
      atMs: after.atMs,
      source,
      state: state.kind,
      endpoint: state.endpoint,
      reason: state.reason ?? '',
    });
  }
  return changes;
}

function targetChanges(before: Look | undefined, after: Look): Change[] {
  const known = new Map(before?.targets.map((target) => [`${target.job}\0${target.scrapeUrl}`, target]));
  const changes: Change[] = [];
  for (const target of after.targets) {
    const was = known.get(`${target.job}\0${target.scrapeUrl}`);
    if (target.health === 'unknown' || (was?.health === target.health && was.lastError === target.lastError)) continue;
    changes.push({
      kind: 'target',
      atMs: target.lastScrapeMs,
      health: target.health,
      job: target.job,
      url: target.scrapeUrl,
      error: target.lastError,
    });
  }
  return changes;
}

function discoveryChanges(before: Look | undefined, after: Look): Change[] {
  const key = ({ job, kind, origin }: DiscoveryStatus): string => [job, kind, origin].join('\0');
  const was = new Map(before?.discoveries.map((each) => [key(each), each.error]));
  return after.discoveries
    .filter((each) => each.error !== (was.get(key(each)) ?? ''))
    .map(({ job, kind, origin, error }) => ({
      kind: 'discovery',
      atMs: after.atMs,
      job,
      origin: `${kind} ${origin}`.trim(),
      error,
    }));
}

function ruleChanges(before: Look | undefined, after: Look): Change[] {
  const changes: Change[] = [];
  for (const { group, rule, was } of rulesOf(before, after)) {
    const { name, lastError: error } = rule;
    if (error === (was?.lastError ?? '')) continue;
    changes.push({
      kind: 'rule',
      atMs: after.atMs,
      health: error === '' ? 'ok' : 'err',
      group: group.name,
      name,
      error,
    });
  }
  return changes;
}

function alertChanges(before: Look | undefined, after: Look): Change[] {
  const changes: Change[] = [];
  const ended: Change[] = [];
  for (const { rule, was } of rulesOf(before, after)) {
    const active = activeAlerts(rule);
    const wereActive = activeAlerts(was);
    if (active.length + wereActive.length === 0) continue;
    const known = new Map(wereActive.map((alert) => [alert.labels.key, alert]));
    for (const alert of active) {
      const previous = known.get(alert.labels.key);
      known.delete(alert.labels.key);
      if (previous?.state === alert.state && previous.activeAtMs === alert.activeAtMs) continue;
      changes.push(alertChange(rule, alert, alert.state, after.atMs));
    }
    for (const alert of known.values()) ended.push(alertChange(rule, alert, 'inactive', after.atMs));
  }
  return [...changes, ...ended];
}

function alertChange(rule: RuleState, alert: RuleAlert, state: RuleAlertState, atMs: number): Change {
  const { labels, annotations, value, activeAtMs } = alert;
  return { kind: 'alert', atMs, state, alertname: rule.name, labels, annotations, value, activeAtMs };
}

function activeAlerts(rule: RuleState | undefined): readonly RuleAlert[] {
  return rule?.alerts?.filter(({ state }) => state !== 'inactive') ?? [];
}

interface ComparedRule {
  readonly group: RuleGroupState;
  readonly rule: RuleState;
  /** At the look before, where the group was there. */
  readonly was: RuleState | undefined;
}

/** The rules there are, and those of before that are gone, with nothing left of what they said. */
function* rulesOf(before: Look | undefined, after: Look): Iterable<ComparedRule> {
  const key = (group: RuleGroupState): string => `${group.file}\0${group.name}`;
  const earlier = new Map(before?.groups.map((group) => [key(group), group]));
  for (const group of after.groups) {
    const was = earlier.get(key(group))?.rules ?? [];
    earlier.delete(key(group));
    for (let i = 0; i < group.rules.length; i++) {
      const rule = group.rules[i]!;
      const isSame = was[i]?.name === rule.name;
      yield { group, rule, was: isSame ? was[i] : undefined };
      if (!isSame && was[i] !== undefined) yield gone(group, was[i]!);
    }
    for (const rule of was.slice(group.rules.length)) yield gone(group, rule);
  }
  for (const group of earlier.values()) for (const rule of group.rules) yield gone(group, rule);
}

function gone(group: RuleGroupState, rule: RuleState): ComparedRule {
  return { group, rule: { ...rule, lastError: '', alerts: [] }, was: rule };
}

function notificationChanges(before: Look | undefined, after: Look): Change[] {
  const known = new Set(before?.notifications.map(notificationKey));
  return after.notifications
    .filter((record) => !known.has(notificationKey(record)))
    .reverse()
    .map((record) => ({ kind: 'notification', ...record }));
}

function notificationKey(record: NotificationRecord): string {
  return [record.atMs, record.receiver, record.integration, record.groupLabels.key, record.outcome].join('\0');
}
