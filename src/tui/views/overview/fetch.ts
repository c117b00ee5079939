/** What the overview asks for: every source for itself, so that one that fails leaves the others standing. */
import type { NotificationRecord } from '../../../alerting/model.ts';
import type { LogRecord } from '../../../logs/record.ts';
import type { Monitor, TargetsAnswer } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { TraceSummary } from '../../../traces/trace.ts';
import type { Unit } from '../../frame/format.ts';
import type { TimeWindow } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { type AlertAnswers, fetchAlerts } from '../alerts/fetch.ts';
import { latencyBuckets, requestCounter, SERVICE_LABELS, statusLabel } from '../key-metrics.ts';
import { fetchSeries } from '../metrics/fetch.ts';

/** A value, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

export async function answered<T>(work: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** A key figure over the window, and what it means. */
export interface Figure {
  readonly title: string;
  readonly expression: string;
  readonly unit: Unit;
}

export interface FigureSeries {
  readonly figure: Figure;
  readonly series: readonly RangeSeries[];
}

export interface OverviewAnswers {
  readonly alerts: Answer<AlertAnswers>;
  readonly targets: Answer<TargetsAnswer>;
  readonly figures: Answer<readonly FigureSeries[]>;
  readonly errors: Answer<readonly LogRecord[]>;
  readonly traces: Answer<readonly TraceSummary[]>;
}

const ERRORS = 100;
const TRACES = 200;

export async function fetchOverview(
  monitor: Monitor,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<OverviewAnswers> {
  const { startMs, endMs } = window;
  const [alerts, targets, figures, errors, traces] = await Promise.all([
    answered(fetchAlerts(monitor)),
    answered(monitor.metrics.targets()),
    answered(fetchFigures(monitor, window, signal)),
    answered(monitor.logs.search({ minLevel: 'error', startMs, endMs, limit: ERRORS }, signal)),
    answered(
      monitor.traces.search(
        { startUs: Math.round(startMs * 1000), endUs: Math.round(endMs * 1000), limit: TRACES },
        signal,
      ),
    ),
  ]);
  return { alerts, targets, figures, errors, traces };
}

export function newestNotifications(alerts: Answer<AlertAnswers>): readonly NotificationRecord[] {
  return 'value' in alerts ? alerts.value.notifications : [];
}

async function fetchFigures(monitor: Monitor, window: TimeWindow, signal: AbortSignal): Promise<FigureSeries[]> {
  const names = await monitor.metrics.labelValues('__name__', { selectors: [], signal });
  const requests = requestCounter(names);
  const labels = requests === undefined ? [] : await monitor.metrics.labelNames({ selectors: [requests], signal });
  return Promise.all(
    keyFigures(names, requests, labels).map(async (figure) => {
      const { series } = await fetchSeries(monitor.metrics, figure.expression, window, signal);
      return { figure, series };
    }),
  );
}

/** Rate, errors and duration where the metrics for them are there, then memory; each by service where a label names it. */
export function keyFigures(
  names: readonly string[],
  requests: string | undefined,
  labels: readonly string[],
): Figure[] {
  const by = SERVICE_LABELS.find((label) => labels.includes(label)) ?? 'job';
  const figures: Figure[] = [];
  if (requests !== undefined) {
    figures.push({ title: 'Requests', expression: `sum by (${by}) (rate(${requests}[1m]))`, unit: 'per-second' });
    const status = statusLabel(labels);
    if (status !== undefined) {
      figures.push({
        title: 'Errors',
        expression: `sum by (${by}) (rate(${requests}{${status}=~"5.."}[1m])) / sum by (${by}) (rate(${requests}[1m]))`,
        unit: 'ratio',
      });
    }
  }
  const latency = latencyBuckets(names);
  if (latency !== undefined) {
    figures.push({
      title: 'Latency p95',
      expression: `histogram_quantile(0.95, sum by (le, ${by}) (rate(${latency}[1m])))`,
      unit: 'seconds',
    });
  }
  if (names.includes('process_resident_memory_bytes')) {
    figures.push({ title: 'Memory', expression: `sum by (${by}) (process_resident_memory_bytes)`, unit: 'bytes' });
  }
  if (figures.length === 0 && names.includes('up'))
    figures.push({ title: 'Targets up', expression: 'sum by (job) (up)', unit: 'count' });
  return figures;
}
