/** Inhibition: alerts that must not be notified while a source alert fires; all sources of a rule are needed. */
import type { InhibitRuleConfig } from '../config/alertmanager-config.ts';
import type { Labels } from '../labels/labels.ts';
import { matchesAll } from '../labels/matcher.ts';
import { isResolved } from './alert.ts';
import type { Alert } from './model.ts';

export interface Inhibition {
  readonly rule: InhibitRuleConfig;
  /** Position of the rule in the file, from 0. */
  readonly index: number;
  /** One alert for each source of the rule, without repetition. */
  readonly sources: readonly Alert[];
}

export class Inhibitor {
  readonly #rules: readonly { readonly config: InhibitRuleConfig; readonly sources: readonly SourceCache[] }[];

  constructor(rules: readonly InhibitRuleConfig[]) {
    this.#rules = rules.map((config) => ({
      config,
      sources: config.sources.map((source) => ({
        matchers: source.matchers,
        equal: [...new Set([...source.equal, ...config.equal])],
        byEqual: new Map(),
      })),
    }));
  }

  /** Takes note of an alert's newest state. */
  observe(alert: Alert): void {
    for (const { sources } of this.#rules) {
      for (const source of sources) {
        if (!matchesAll(source.matchers, alert.labels)) continue;
        const key = equalKey(source.equal, alert.labels);
        const alerts = source.byEqual.get(key);
        if (alerts === undefined) source.byEqual.set(key, new Map([[alert.fingerprint, alert]]));
        else alerts.set(alert.fingerprint, alert);
      }
    }
  }

  /** Every rule that inhibits an alert with these labels, in the order of the file. */
  inhibitions(labels: Labels, nowMs: number): readonly Inhibition[] {
    const found: Inhibition[] = [];
    for (const [index, { config, sources }] of this.#rules.entries()) {
      if (!matchesAll(config.targetMatchers, labels)) continue;
      // An alert that is source and target at once is not inhibited by another such alert.
      const bothSides = sources.some((source) => matchesAll(source.matchers, labels));
      const accept = (alert: Alert): boolean =>
        !isResolved(alert, nowMs) && !(bothSides && matchesAll(config.targetMatchers, alert.labels));
      const firing = sources.map((source) => firstOf(source.byEqual.get(equalKey(source.equal, labels)), accept));
      if (firing.length > 0 && firing.every((alert) => alert !== undefined)) {
        found.push({ rule: config, index, sources: [...new Set(firing)] });
      }
    }
    return found;
  }

  /** Forgets sources that are resolved. */
  collect(nowMs: number): void {
    for (const { sources } of this.#rules) {
      for (const { byEqual } of sources) {
        for (const [key, alerts] of byEqual) {
          for (const alert of alerts.values()) if (isResolved(alert, nowMs)) alerts.delete(alert.fingerprint);
          if (alerts.size === 0) byEqual.delete(key);
        }
      }
    }
  }
}

interface SourceCache {
  readonly matchers: InhibitRuleConfig['targetMatchers'];
  readonly equal: readonly string[];
  readonly byEqual: Map<string, Map<string, Alert>>;
}

/** A label that is missing equals one that is empty. */
function equalKey(names: readonly string[], labels: Labels): string {
  return names.map((name) => labels.get(name)).join('\u0000');
}

/** Of the alerts the one that came first: it is named as the one that inhibits, as Alertmanager 0.34 most often does. */
function firstOf(alerts: ReadonlyMap<string, Alert> | undefined, accept: (alert: Alert) => boolean): Alert | undefined {
  for (const alert of alerts?.values() ?? []) if (accept(alert)) return alert;
  return undefined;
}
