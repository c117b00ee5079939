/** What the overview asks the sources for. */
import type { LogRecord } from '../../../logs/record.ts';
import type { Monitor, TargetsAnswer } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { TraceSummary } from '../../../traces/trace.ts';
import type { AskEach } from '../../frame/asks.ts';
import type { Unit } from '../../frame/format.ts';
import type { TimeWindow } from '../../frame/place.ts';
import { type AlertAnswers, fetchAlerts } from '../alerts/fetch.ts';
import { latencyBuckets, requestCounter, SERVICE_LABELS, statusLabel } from '../key-metrics.ts';
import { fetchSeries } from '../metrics/fetch.ts';

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

/** Every source for itself, so that one that fails or is slow leaves the others standing. */
export interface OverviewParts {
  readonly alerts: AlertAnswers;
  readonly targets: TargetsAnswer;
  readonly figures: readonly FigureSeries[];
  readonly errors: readonly LogRecord[];
  readonly traces: readonly TraceSummary[];
}

const ERRORS = 100;
const TRACES = 200;

export function overviewAsks(monitor: Monitor, window: TimeWindow): AskEach<OverviewParts> {
  const { startMs, endMs } = window;
  const startUs = Math.round(startMs * 1000);
  const endUs = Math.round(endMs * 1000);
  return {
    alerts: () => fetchAlerts(monitor),
    targets: () => monitor.metrics.targets(),
    figures: (signal) => fetchFigures(monitor, window, signal),
    errors: (signal) => monitor.logs.search({ minLevel: 'error', startMs, endMs, limit: ERRORS }, signal),
    traces: (signal) => monitor.traces.search({ startUs, endUs, limit: TRACES }, signal),
  };
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
