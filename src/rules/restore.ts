/** Restores since when alerts are active from the ALERTS_FOR_STATE series of an earlier run, as Prometheus does after an outage. */
import { Matcher } from '../labels/matcher.ts';
import { type Queryable, SampleColumns, STALE } from '../storage/queryable.ts';
import type { AlertingRule } from './alerting-rule.ts';

export interface RestoreOptions {
  readonly queryable: Queryable;
  /** An outage longer than this forgets. */
  readonly outageToleranceMs: number;
  /** The least time that an alert waits after a restart; rules with a shorter `for` are not restored. */
  readonly forGracePeriodMs: number;
}

/** Sets `activeAtMs` of the rule's alerts and marks the rule restored. */
export function restoreRule(rule: AlertingRule, nowMs: number, options: RestoreOptions): void {
  rule.restored = true;
  if (rule.config.forMs < options.forGracePeriodMs || rule.active.size === 0) return;
  const lastStates = readStates(rule, nowMs, options);
  for (const alert of rule.active.values()) {
    const last = lastStates.get(alert.labels.key);
    if (last !== undefined) {
      alert.activeAtMs = restoredActiveAt(last, rule.config.forMs, nowMs, options.forGracePeriodMs);
    }
  }
}

interface LastState {
  /** When the earlier run wrote last. */
  readonly writtenMs: number;
  readonly activeAtMs: number;
}

/** By the key of the alert's labels; without those whose series ended stale: they were not active any more. */
function readStates(rule: AlertingRule, nowMs: number, options: RestoreOptions): Map<string, LastState> {
  const startMs = nowMs - options.outageToleranceMs;
  const matchers = [new Matcher('=', '__name__', 'ALERTS_FOR_STATE'), new Matcher('=', 'alertname', rule.config.name)];
  for (const [name, value] of rule.labels) {
    if (!value.includes('{{')) matchers.push(new Matcher('=', name, value));
  }
  const columns = new SampleColumns();
  const states = new Map<string, LastState>();
  for (const series of options.queryable.select(matchers, startMs, nowMs)) {
    series.read(startMs, nowMs, columns);
    const last = columns.length - 1;
    if (last < 0 || (!columns.floatsOnly && columns.kinds[last] === STALE)) continue;
    states.set(series.labels.withoutMetricName().key, {
      writtenMs: columns.timestamps[last]!,
      activeAtMs: columns.values[last]! * 1000,
    });
  }
  return states;
}

function restoredActiveAt(last: LastState, forMs: number, nowMs: number, gracePeriodMs: number): number {
  const remainingMs = forMs - (last.writtenMs - last.activeAtMs);
  // It was firing already and will again.
  if (remainingMs <= 0) return last.activeAtMs;
  // It must wait for the grace period at least.
  if (remainingMs < gracePeriodMs) return nowMs + gracePeriodMs - forMs;
  // The outage does not count as time in which the alert was pending.
  return last.activeAtMs + (nowMs - last.writtenMs);
}
