/** What the alert views ask the sources for. */
import type { NotificationRecord, RoutedAlert } from '../../../alerting/model.ts';
import type { Labels } from '../../../labels/labels.ts';
import type { Monitor, RuleGroupState } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { TimeWindow } from '../../frame/place.ts';

export interface AlertAnswers {
  readonly groups: readonly RuleGroupState[];
  readonly routed: readonly RoutedAlert[];
  /** Newest first. */
  readonly notifications: readonly NotificationRecord[];
}

const NOTIFICATIONS = 500;

export async function fetchAlerts(monitor: Monitor): Promise<AlertAnswers> {
  const [groups, routed, notifications] = await Promise.all([
    monitor.alerts.ruleGroups(),
    monitor.alerts.alerts({}),
    monitor.alerts.notifications(NOTIFICATIONS),
  ]);
  return { groups, routed, notifications };
}

const POINTS = 240;

/** The step that gives a chart enough points and not more, whole seconds. */
export function stepOf(window: TimeWindow): number {
  return Math.max(1000, Math.ceil((window.endMs - window.startMs) / POINTS / 1000) * 1000);
}

/** The series of the expression that the alert with these labels is about. */
export async function fetchSeries(
  monitor: Monitor,
  expression: string,
  labels: Labels,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<readonly RangeSeries[]> {
  const stepMs = stepOf(window);
  // Points on whole steps stay where they are when the window moves on.
  const endMs = Math.floor(window.endMs / stepMs) * stepMs;
  const { value } = await monitor.metrics.queryRange(expression, {
    startMs: endMs - (window.endMs - window.startMs),
    endMs,
    stepMs,
    signal,
  });
  if (value.type !== 'matrix') return [];
  const own = value.series.filter((series) => isOf(series.labels, labels));
  return own.length > 0 ? own : value.series;
}

/** Every label of the series, its name aside, is on the alert: an alert has its series' labels and those of its rule. */
function isOf(series: Labels, alert: Labels): boolean {
  for (const [name, value] of series)
    if (name !== '__name__' && alert.has(name) && alert.get(name) !== value) return false;
  return true;
}
