/** `/api/v1/rules` and `/api/v1/alerts`. */
import { createHash } from 'node:crypto';
import { compareBytes } from '../labels/compare.ts';
import type { Matcher } from '../labels/matcher.ts';
import { matchesAll } from '../labels/matcher.ts';
import type { AlertSource, RuleAlert, RuleGroupState, RuleState } from '../monitor/sources.ts';
import { parseSelector } from '../promql/parse.ts';
import { exponentText, timeText } from './go-text.ts';
import type { Route } from './route.ts';
import { ParameterError, success, v1Route } from './v1-answer.ts';
import { selectorsOf } from './v1-parameters.ts';

export function ruleRoutes(alerts: AlertSource): Route[] {
  return [
    v1Route('GET', '/rules', async ({ query }) => {
      const filter = filterOf(query);
      const page = pageOf(query);
      const listed: object[] = [];
      let found = page.token === '';
      let nextToken: string | undefined;
      for (const group of inOrder(await alerts.ruleGroups())) {
        if (!found && tokenOf(group) !== page.token) continue;
        found = true;
        const shown = groupJson(group, filter);
        if (!shown) continue;
        if (page.limit > 0 && listed.length === page.limit) {
          nextToken = tokenOf(group);
          break;
        }
        listed.push(shown);
      }
      if (!found) {
        const message = `invalid group_next_token '${page.token}'. were rule groups changed?`;
        throw new ParameterError('group_next_token', message);
      }
      return success({ groups: listed, ...(nextToken === undefined ? {} : { groupNextToken: nextToken }) });
    }),
    v1Route('GET', '/alerts', async () => {
      const groups = await alerts.ruleGroups();
      const active = groups.flatMap((group) => group.rules.flatMap((rule) => rule.alerts ?? []));
      return success({ alerts: active.map(alertJson) });
    }),
  ];
}

/** Prometheus': by file, then name. */
function inOrder(groups: readonly RuleGroupState[]): RuleGroupState[] {
  return [...groups].sort((a, b) => compareBytes(a.file, b.file) || compareBytes(a.name, b.name));
}

interface RuleFilter {
  readonly kind: 'alerting' | 'recording' | undefined;
  readonly names: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
  /** Any of these sets of matchers must fit the rule's labels. */
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly withAlerts: boolean;
}

function filterOf(query: URLSearchParams): RuleFilter {
  const matcherSets = selectorsOf(query).map(parseSelector);
  const type = (query.get('type') ?? '').toLowerCase();
  if (!['', 'alert', 'record'].includes(type)) {
    throw new ParameterError('type', `not supported value ${JSON.stringify(type)}`);
  }
  return {
    kind: type === '' ? undefined : type === 'alert' ? 'alerting' : 'recording',
    names: new Set(query.getAll('rule_name[]')),
    groups: new Set(query.getAll('rule_group[]')),
    files: new Set(query.getAll('file[]')),
    matcherSets,
    withAlerts: !excludesAlerts(query),
  };
}

function excludesAlerts(query: URLSearchParams): boolean {
  const text = (query.get('exclude_alerts') ?? '').toLowerCase();
  if (['1', 't', 'true'].includes(text)) return true;
  if (['', '0', 'f', 'false'].includes(text)) return false;
  const reason = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new ParameterError('exclude_alerts', `error converting exclude_alerts: ${reason}`);
}

/** `limit` 0: everything. */
function pageOf(query: URLSearchParams): { readonly limit: number; readonly token: string } {
  const limit = query.get('group_limit') ?? '';
  const token = query.get('group_next_token') ?? '';
  if (limit === '') {
    if (token === '') return { limit: 0, token };
    const message = 'group_limit needs to be present in order to paginate over the groups';
    throw new ParameterError('group_next_token', message);
  }
  if (!/^[-+]?\d+$/.test(limit)) {
    const reason = `strconv.ParseInt: parsing ${JSON.stringify(limit)}: invalid syntax`;
    throw new ParameterError('group_limit', `group_limit needs to be a valid number: ${reason}`);
  }
  if (Number(limit) <= 0) throw new ParameterError('group_limit', 'group_limit needs to be greater than 0');
  return { limit: Number(limit), token };
}

function tokenOf(group: RuleGroupState): string {
  return createHash('sha256').update(`${group.file};${group.name}`).digest('hex');
}

/** Undefined where nothing of the group is left. */
function groupJson(group: RuleGroupState, filter: RuleFilter): object | undefined {
  if (filter.groups.size > 0 && !filter.groups.has(group.name)) return undefined;
  if (filter.files.size > 0 && !filter.files.has(group.file)) return undefined;
  const rules = group.rules.filter((rule) => isWanted(rule, filter)).map((rule) => ruleJson(rule, filter.withAlerts));
  if (rules.length === 0) return undefined;
  return {
    name: group.name,
    file: group.file,
    rules,
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: group.evaluationSeconds,
    lastEvaluation: timeText(group.lastEvaluationMs),
  };
}

function isWanted(rule: RuleState, { kind, names, matcherSets }: RuleFilter): boolean {
  if (kind !== undefined && rule.kind !== kind) return false;
  if (names.size > 0 && !names.has(rule.name)) return false;
  return matcherSets.length === 0 || matcherSets.some((matchers) => matchesAll(matchers, rule.labels));
}

function ruleJson(rule: RuleState, withAlerts: boolean): object {
  const common = {
    health: rule.health,
    ...(rule.lastError === '' ? {} : { lastError: rule.lastError }),
    evaluationTime: rule.evaluationSeconds,
    lastEvaluation: timeText(rule.lastEvaluationMs),
    type: rule.kind,
  };
  if (rule.kind === 'recording') {
    return { name: rule.name, query: rule.query, labels: rule.labels, ...common };
  }
  return {
    // Alerts that were taken over by a reload are there already, but what state they are in only an evaluation tells.
    state: rule.health === 'unknown' ? 'unknown' : (rule.state ?? 'inactive'),
    name: rule.name,
    query: rule.query,
    duration: (rule.forMs ?? 0) / 1000,
    keepFiringFor: (rule.keepFiringForMs ?? 0) / 1000,
    labels: rule.labels,
    annotations: rule.annotations ?? {},
    alerts: withAlerts ? (rule.alerts ?? []).map(alertJson) : null,
    ...common,
  };
}

function alertJson(alert: RuleAlert): object {
  return {
    labels: alert.labels,
    annotations: alert.annotations,
    state: alert.state,
    activeAt: timeText(alert.activeAtMs),
    ...(alert.keepFiringSinceMs ? { keepFiringSince: timeText(alert.keepFiringSinceMs) } : {}),
    value: exponentText(alert.value),
  };
}
