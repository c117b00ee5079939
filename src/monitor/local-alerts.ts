/** The alert source over watchfire's own rules and dispatch. */
import type { Alerting } from '../alerting/alerting.ts';
import type { Clock } from '../config/clock.ts';
import { type Labels, METRIC_NAME } from '../labels/labels.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import type { RuleManager } from '../rules/rule-manager.ts';
import type { AlertSource, Explanation, SourceState } from './sources.ts';

export interface LocalAlertOptions {
  readonly rules: RuleManager;
  readonly alerting: Alerting;
  readonly clock: Clock;
  /** Why a rule gives what it gives: the rule's half of an explanation. */
  readonly explainRule: (name: string, about: Labels | undefined) => Promise<Explanation['sections']>;
  /** The labels under which a rule's alert is sent; undefined: relabelling drops it. */
  readonly sentLabels: (labels: Labels) => Labels | undefined;
  /** Why state cannot be kept, in words. */
  readonly stateFault: () => string | undefined;
}

const DROPPED = { heading: 'notification', lines: ['alert_relabel_configs drop this alert: nobody is told'] };

export function localAlertSource({
  rules,
  alerting,
  clock,
  explainRule,
  sentLabels,
  stateFault,
}: LocalAlertOptions): AlertSource {
  const startedMs = clock.nowMs();
  /** Of a rule that gives no alert: where its own labels would lead one, one section a rule of that name. */
  const wouldGo = (name: string): Explanation['sections'] =>
    rulesOf(rules, name).flatMap(({ labels }) => {
      const sent = sentLabels(labels.with('alertname', name));
      if (sent === undefined) return [DROPPED];
      const route = alerting.explain(sent).filter(({ heading }) => heading === 'Route');
      return route.map(({ lines }) => ({
        heading: `Route of an alert, by the labels of the rule ${sent.toString()}`,
        lines,
      }));
    });
  return {
    state: () => stateOf(rules, stateFault(), startedMs),
    close: async () => {},
    ruleGroups: async () => rules.groups(),
    alerts: async (filter) => alerting.alerts(filter),
    alertGroups: async (filter) => alerting.alertGroups(filter),
    postAlerts: (alerts) => alerting.postAlerts(alerts),
    silences: async (matchers) => {
      const wanted = matchers.map(parseMatcher);
      return alerting
        .silences()
        .filter((silence) =>
          wanted.every((matcher) =>
            silence.matchers.some((each) => each.name === matcher.name && matcher.matches(each.value)),
          ),
        );
    },
    silence: async (id) => alerting.silence(id),
    setSilence: (silence) => alerting.setSilence(silence),
    expireSilence: (id) => alerting.expireSilence(id),
    notifications: async (limit) => alerting.notifications(limit),
    notifierStatus: async () => alerting.status(),
    explain: async (ruleName, labels) => {
      const sections = [...(await explainRule(ruleName, labels))];
      const instances = labels === undefined ? instancesOf(rules, ruleName) : [labels];
      for (const each of instances) {
        const sent = sentLabels(each);
        const told = sent === undefined ? [DROPPED] : alerting.explain(sent);
        const whose = instances.length === 1 ? '' : `${each.without(METRIC_NAME, 'alertname').toString()}: `;
        for (const section of told) sections.push({ ...section, heading: `${whose}${section.heading}` });
      }
      if (instances.length === 0) sections.push(...wouldGo(ruleName));
      return { title: labels === undefined ? ruleName : labels.toString(), sections };
    },
  };
}

function instancesOf(rules: RuleManager, name: string) {
  return rulesOf(rules, name)
    .flatMap((rule) => rule.alerts ?? [])
    .map((alert) => alert.labels);
}

function rulesOf(rules: RuleManager, name: string) {
  return rules
    .groups()
    .flatMap((group) => group.rules)
    .filter((rule) => rule.name === name && rule.kind === 'alerting');
}

function stateOf(rules: RuleManager, fault: string | undefined, startedMs: number): SourceState {
  const endpoint = 'local';
  if (fault !== undefined) return { kind: 'failing', endpoint, sinceMs: startedMs, reason: fault };
  const failing = rules
    .groups()
    .flatMap((group) => group.rules)
    .filter((rule) => rule.health === 'err');
  const first = failing[0];
  if (first === undefined) return { kind: 'live', endpoint, sinceMs: startedMs };
  const reason =
    failing.length === 1
      ? `rule ${first.name} fails: ${first.lastError}`
      : `${failing.length} rules fail, first ${first.name}: ${first.lastError}`;
  return { kind: 'stale', endpoint, sinceMs: first.lastEvaluationMs, reason };
}
