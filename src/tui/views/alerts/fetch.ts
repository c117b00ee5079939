/** What the alert views ask the sources for. */
import type { NotificationRecord, RoutedAlert } from '../../../alerting/model.ts';
import type { Labels } from '../../../labels/labels.ts';
import type { Monitor, RuleGroupState } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { TimeWindow } from '../../frame/place.ts';
import { fetchSeries } from '../metrics/fetch.ts';

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

/** When each alert was pending and firing: the `ALERTS` series that the rules leave. None where they cannot be read. */
export async function fetchAlertStates(
  monitor: Monitor,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<readonly RangeSeries[]> {
  try {
    return (await fetchSeries(monitor.metrics, 'ALERTS', window, signal)).series;
  } catch {
    // The list stands without them, and the header tells the state of the source.
    return [];
  }
}

/** The series of the expression that the alert with these labels is about; all of them where none has its labels. */
export async function fetchAlertSeries(
  monitor: Monitor,
  expression: string,
  labels: Labels,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<readonly RangeSeries[]> {
  const { series } = await fetchSeries(monitor.metrics, expression, window, signal);
  const own = series.filter((each) => isOf(each.labels, labels));
  return own.length > 0 ? own : series;
}

/** No label of the series, its name aside, is another on the alert: an alert has its series' labels and those of its rule. */
export function isOf(series: Labels, alert: Labels): boolean {
  for (const [name, value] of series)
    if (name !== '__name__' && alert.has(name) && alert.get(name) !== value) return false;
  return true;
}
