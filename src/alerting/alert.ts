/** What Alertmanager does with single alerts: whether one is resolved, merging two reports of one, and the order of many. */
import { compareBytes } from '../labels/compare.ts';
import type { Labels } from '../labels/labels.ts';
import type { Alert } from './model.ts';

/** Go's zero time in Unix milliseconds: an alert in a notification that has no end yet. */
export const ZERO_TIME_MS = -62_135_596_800_000;

export interface StoredAlert extends Alert {
  /** The end was not given but set by `resolve_timeout`. */
  readonly timeout: boolean;
}

export function isResolved(alert: Pick<Alert, 'endsAtMs'>, nowMs: number): boolean {
  return alert.endsAtMs !== ZERO_TIME_MS && alert.endsAtMs <= nowMs;
}

/** The newer report of an alert, given that their times overlap or not; Alertmanager's rules for start and end. */
export function mergeAlert(known: StoredAlert, reported: StoredAlert, nowMs: number): StoredAlert {
  const overlap =
    (reported.endsAtMs > known.startsAtMs && reported.endsAtMs < known.endsAtMs) ||
    (reported.startsAtMs > known.startsAtMs && reported.startsAtMs < known.endsAtMs);
  if (!overlap) return reported;
  const [older, newer] = reported.updatedAtMs < known.updatedAtMs ? [reported, known] : [known, reported];
  let endsAtMs = newer.endsAtMs;
  if (isResolved(newer, nowMs)) {
    // Of two explicit ends that both have passed the later one counts.
    if (isResolved(older, nowMs)) endsAtMs = Math.max(endsAtMs, older.endsAtMs);
  } else if (!older.timeout) {
    // An end that was only assumed gives way; one that was given does not.
    endsAtMs = Math.max(endsAtMs, older.endsAtMs);
  }
  return { ...newer, startsAtMs: Math.min(older.startsAtMs, newer.startsAtMs), endsAtMs };
}

/** Alertmanager's order within a group: by `job`, then `instance`, then all labels. */
export function compareAlerts(a: Pick<Alert, 'labels'>, b: Pick<Alert, 'labels'>): number {
  for (const name of ['job', 'instance']) {
    const inA = a.labels.has(name);
    const inB = b.labels.has(name);
    if (!inA && !inB) continue;
    if (!inA) return 1;
    if (!inB) return -1;
    const order = compareBytes(a.labels.get(name), b.labels.get(name));
    if (order !== 0) return order;
  }
  return compareLabelSets(a.labels, b.labels);
}

/** The order of `model.LabelSet`: the smaller set first, then name by name over both. */
export function compareLabelSets(a: Labels, b: Labels): number {
  if (a.size !== b.size) return a.size - b.size;
  for (let i = 0; i < a.size; i++) {
    // Where the names differ, the set that lacks the smaller name comes first.
    const byName = compareBytes(a.names[i]!, b.names[i]!);
    if (byName !== 0) return -byName;
    const byValue = compareBytes(a.values[i]!, b.values[i]!);
    if (byValue !== 0) return byValue;
  }
  return 0;
}
