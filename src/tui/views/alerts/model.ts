/** Alerts as the screen counts them: one item per instance (or per rule without one), with its routing and who was told. */
import type { NotificationRecord, RoutedAlert } from '../../../alerting/model.ts';
import { fingerprint } from '../../../labels/fingerprint.ts';
import { Labels } from '../../../labels/labels.ts';
import type { RuleGroupState, RuleState } from '../../../monitor/sources.ts';
import { type Threshold, thresholdOf } from '../../expression/threshold.ts';
import { unitOfExpression } from '../../expression/unit.ts';
import { formatValue, type Unit } from '../../frame/format.ts';
import type { Subject } from '../../frame/place.ts';
import { serviceOf } from '../service.ts';
import type { AlertAnswers } from './fetch.ts';

/** `failing`: there is no alert because the rule cannot be evaluated. */
export type AlertState = 'firing' | 'pending' | 'failing' | 'silenced' | 'inhibited' | 'muted' | 'inactive';

export interface AlertItem {
  /** The same while it is pending, fires and is told of. */
  readonly key: string;
  readonly name: string;
  readonly state: AlertState;
  readonly severity: string;
  readonly service: string;
  /** What tells it from the others of the same name and service: the labels in which they differ, empty ones too. */
  readonly telling: readonly (readonly [name: string, value: string])[];
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Since when its expression holds; undefined where it does not. */
  readonly sinceMs: number | undefined;
  readonly value: number;
  readonly forMs: number;
  readonly rule: RuleState | undefined;
  readonly group: RuleGroupState | undefined;
  readonly threshold: Threshold | undefined;
  readonly unit: Unit;
  readonly routed: RoutedAlert | undefined;
  /** What inhibits it: the alerts' names by their fingerprints. */
  readonly inhibitors: ReadonlyMap<string, string>;
  /** Newest first. */
  readonly told: readonly NotificationRecord[];
}

const RANKS: readonly AlertState[] = ['firing', 'pending', 'failing', 'silenced', 'inhibited', 'muted', 'inactive'];
const SEVERITIES = ['critical', 'page', 'error', 'warning', 'info'];

/** Firing first, then pending, rules that fail, silenced, inactive; within each the worst severity, then the longest. */
export function alertItems({ groups, routed, notifications }: AlertAnswers): AlertItem[] {
  const byPrint = new Map(routed.map((alert) => [alert.fingerprint, alert]));
  const byName = Map.groupBy(routed, (alert) => alert.labels.get('alertname'));
  const told = new Map<string, NotificationRecord[]>();
  for (const record of notifications) {
    for (const print of record.fingerprints) {
      const list = told.get(print);
      if (list) list.push(record);
      else told.set(print, [record]);
    }
  }
  const seen = new Set<string>();
  const items: AlertItem[] = [];
  for (const group of groups) {
    for (const rule of group.rules) {
      if (rule.kind !== 'alerting') continue;
      const shared = sharedOf(rule);
      if ((rule.alerts ?? []).length === 0) items.push(inactive(group, rule, shared));
      for (const alert of rule.alerts ?? []) {
        const print = fingerprint(alert.labels);
        seen.add(print);
        const route = byPrint.get(print) ?? byName.get(rule.name)?.find((each) => contains(each.labels, alert.labels));
        if (route !== undefined) seen.add(route.fingerprint);
        items.push({
          key: print,
          name: rule.name,
          state: alert.state === 'firing' ? stateOf(route) : alert.state,
          severity: alert.labels.get('severity'),
          service: serviceOf(alert.labels),
          telling: [],
          labels: alert.labels,
          annotations: alert.annotations,
          sinceMs: alert.state === 'inactive' ? undefined : alert.activeAtMs,
          value: alert.value,
          forMs: rule.forMs ?? 0,
          rule,
          group,
          ...shared,
          routed: route,
          inhibitors: inhibitorsOf(route, byPrint),
          told: told.get(route?.fingerprint ?? print) ?? [],
        });
      }
    }
  }
  for (const alert of routed)
    if (!seen.has(alert.fingerprint))
      items.push(foreign(alert, told.get(alert.fingerprint) ?? [], inhibitorsOf(alert, byPrint)));
  return withTelling(items).sort(
    (a, b) =>
      RANKS.indexOf(a.state) - RANKS.indexOf(b.state) ||
      severityRank(a.severity) - severityRank(b.severity) ||
      (a.sinceMs ?? 0) - (b.sinceMs ?? 0) ||
      (a.name < b.name ? -1 : 1),
  );
}

/** Of an alert that fires: whether somebody is told of it, or why nobody is. */
function stateOf(routed: RoutedAlert | undefined): 'firing' | 'silenced' | 'inhibited' | 'muted' {
  if (routed === undefined || routed.status.state !== 'suppressed') return 'firing';
  const { silencedBy, inhibitedBy } = routed.status;
  if (silencedBy.length > 0) return 'silenced';
  return inhibitedBy.length > 0 ? 'inhibited' : 'muted';
}

function withTelling(items: readonly AlertItem[]): AlertItem[] {
  const alike = Map.groupBy(items, ({ name, service }) => JSON.stringify([name, service]));
  return [...alike.values()].flatMap((group) => {
    if (group.length === 1) return group;
    const names = new Set(group.flatMap(({ labels }) => [...labels].map(([name]) => name)));
    const telling = [...names].filter((name) => new Set(group.map(({ labels }) => labels.get(name))).size > 1);
    return group.map((item) => ({ ...item, telling: telling.map((name) => [name, item.labels.get(name)] as const) }));
  });
}

function inhibitorsOf(
  routed: RoutedAlert | undefined,
  byPrint: ReadonlyMap<string, RoutedAlert>,
): ReadonlyMap<string, string> {
  const prints = routed?.status.inhibitedBy ?? [];
  return new Map(prints.map((print) => [print, byPrint.get(print)?.labels.get('alertname') || print]));
}

/** Name, service and what else tells it from others: `NodeDown shop node-a`. */
export function titleOf(item: AlertItem): string {
  return [item.name, item.service, tellingText(item)].filter((part) => part !== '').join(' ');
}

export function tellingText({ telling }: Pick<AlertItem, 'telling'>): string {
  return telling
    .map(([, value]) => value)
    .filter((value) => value !== '')
    .join(' ');
}

/** Its fingerprint as the routing has it, whose alerts may have more labels than the rules'. */
export function routedPrint({ routed, key }: AlertItem): string {
  return routed?.fingerprint ?? key;
}

/** Whether there is an alert, not only a rule that could give one. */
export function hasAlert({ state }: Pick<AlertItem, 'state'>): boolean {
  return state !== 'inactive' && state !== 'failing';
}

function sharedOf(rule: RuleState): { readonly threshold: Threshold | undefined; readonly unit: Unit } {
  const threshold = thresholdOf(rule.query);
  return { threshold, unit: unitOfExpression(threshold?.expression ?? rule.query) };
}

/** Alerts leave the rules with external labels, and may be relabelled: the routed one has all labels of the rule's, and more. */
function contains(routed: Labels, own: Labels): boolean {
  for (const [name, value] of own) if (routed.get(name) !== value) return false;
  return own.size > 0;
}

function severityRank(severity: string): number {
  const at = SEVERITIES.indexOf(severity.toLowerCase());
  return at < 0 ? SEVERITIES.length : at;
}

function inactive(group: RuleGroupState, rule: RuleState, shared: ReturnType<typeof sharedOf>): AlertItem {
  return {
    key: ruleKey(group, rule),
    name: rule.name,
    state: rule.health === 'err' ? 'failing' : 'inactive',
    severity: rule.labels.get('severity'),
    service: '',
    telling: [],
    labels: rule.labels.with('alertname', rule.name),
    annotations: rule.annotations ?? Labels.EMPTY,
    sinceMs: undefined,
    value: Number.NaN,
    forMs: rule.forMs ?? 0,
    rule,
    group,
    ...shared,
    routed: undefined,
    inhibitors: new Map(),
    told: [],
  };
}

function ruleKey(group: RuleGroupState, rule: RuleState): string {
  return `${group.file}/${group.name}/${rule.name}`;
}

/** The item as it is now: itself; of a rule that had no alert, its first alert; else itself, over by now. */
export function currentItem(item: AlertItem, all: readonly AlertItem[]): AlertItem {
  const found =
    all.find(({ key }) => key === item.key) ??
    all.find(({ rule, group }) => rule !== undefined && group !== undefined && ruleKey(group, rule) === item.key);
  return found ?? { ...item, state: 'inactive', sinceMs: undefined, value: Number.NaN };
}

/** An alert that came by the API, or of a rule that is not there any more. */
function foreign(
  alert: RoutedAlert,
  told: readonly NotificationRecord[],
  inhibitors: ReadonlyMap<string, string>,
): AlertItem {
  return {
    key: alert.fingerprint,
    name: alert.labels.get('alertname'),
    state: stateOf(alert),
    severity: alert.labels.get('severity'),
    service: serviceOf(alert.labels),
    telling: [],
    labels: alert.labels,
    annotations: alert.annotations,
    sinceMs: alert.startsAtMs,
    value: Number.NaN,
    forMs: 0,
    rule: undefined,
    group: undefined,
    threshold: undefined,
    unit: 'none',
    routed: alert,
    inhibitors,
    told,
  };
}

/** `7.31 % > 5 %`. */
export function valueText(item: AlertItem): string {
  if (item.state === 'failing') return 'no result';
  if (Number.isNaN(item.value))
    return item.threshold === undefined
      ? ''
      : `${item.threshold.operator} ${formatValue(item.threshold.value, item.unit)}`;
  const value = formatValue(item.value, item.unit);
  return item.threshold === undefined
    ? value
    : `${value} ${item.threshold.operator} ${formatValue(item.threshold.value, item.unit)}`;
}

/** Who was told, in few words: `slack, email`, or why nobody was. */
export function toldText(item: AlertItem): string {
  const status = item.routed?.status;
  if (item.state === 'failing') return item.rule?.lastError ?? '';
  if (item.state === 'silenced') return `silenced by ${status!.silencedBy.map((id) => id.slice(0, 8)).join(', ')}`;
  if (item.state === 'inhibited')
    return `inhibited by ${[...new Set(item.inhibitors.values())].join(', ') || 'another alert'}`;
  if (item.state === 'muted') return `muted by ${status!.mutedBy.join(', ') || 'a time interval'}`;
  if (item.state !== 'firing') return '';
  const channels = (outcome: NotificationRecord['outcome']): string[] => [
    ...new Set(item.told.filter((record) => record.outcome === outcome && record.status === 'firing').map(channelOf)),
  ];
  const sent = channels('sent');
  const trouble = [...channels('failed'), ...channels('retrying')].filter((each) => !sent.includes(each));
  const parts = [sent.join(', '), ...trouble.map((each) => `${each} failing`)].filter((each) => each !== '');
  if (parts.length > 0) return parts.join(', ');
  return channels('not-delivered').length > 0 ? 'not delivered' : 'nobody yet';
}

/** `slack[0]` → `slack`; what a receiver's integrations have in common is of `all`. */
export function channelOf(record: NotificationRecord): string {
  if (record.integration === '*') return 'all';
  return record.integration.replace(/\[\d+\]$/, '');
}

/**
 * `first-notification` → `first notification`, `silenced-by:ID` → `silenced by ID`; an error stays as it is. Alerts that are
 * named by a fingerprint get the name that `alertNames` has for it.
 */
export function reasonText(reason: string, alertNames: ReadonlyMap<string, string> = new Map()): string {
  const named = /^([a-z]+(?:-[a-z]+)+)(?::(.*)|(;.*))?$/s.exec(reason);
  // The number is what a narrow column must not cut off.
  if (named === null) return reason.replace('unexpected status code ', 'HTTP ');
  const words = named[1]!.replaceAll('-', ' ');
  const about = named[2]?.replace(/[0-9a-f]{16}/g, (print) => alertNames.get(print) ?? print);
  return about === undefined ? words + (named[3] ?? '') : `${words} ${about}`;
}

/** From an alert: its service, its expression, and the time from before it began until now. */
export function subjectOf(item: AlertItem, nowMs: number): Subject {
  return {
    service: item.service === '' ? undefined : item.service,
    labels: item.labels,
    expression: item.threshold?.expression ?? item.rule?.query,
    fromMs: item.sinceMs,
    toMs: nowMs,
  };
}
