/** Sources with a fixed content. */
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { AlertSource, MetricSource, RuleGroupState } from '../../src/monitor/sources.ts';
import { parseExpression } from '../../src/promql/parse.ts';
import { QueryError, type QueryResult, type QueryValue } from '../../src/promql/result.ts';

export const NOW_MS = 1_700_000_000_123;

export const histogram: FloatHistogram = {
  schema: 0,
  zeroThreshold: 0.5,
  zeroCount: 1,
  count: 6,
  sum: 4.5,
  positiveSpans: [{ offset: 1, length: 2 }],
  negativeSpans: [{ offset: 1, length: 1 }],
  positiveBuckets: [2, 0],
  negativeBuckets: [3],
  customValues: undefined,
  counterResetHint: 'unknown',
};

const up = (instance: string): Labels => Labels.of({ __name__: 'up', job: 'node', instance });

function vector(timeMs: number): QueryValue {
  return {
    type: 'vector',
    timestampMs: timeMs,
    samples: [
      { labels: up('a:1'), value: 1 },
      { labels: up('b:1'), value: 0.1 },
    ],
  };
}

function result(value: QueryValue): QueryResult {
  return { value, warnings: ['w'], infos: ['i'], samplesRead: 2 };
}

export function fakeMetrics(overrides: Partial<MetricSource> = {}): MetricSource {
  return {
    state: () => ({ kind: 'live', endpoint: 'local', sinceMs: 0 }),
    close: async () => undefined,
    async query(expression, { timeMs }) {
      parseExpression(expression);
      if (expression === 'fail()' || expression === 'boom') throw new QueryError('execution', 'it broke');
      if (expression === 'slow') throw new QueryError('timeout', 'query timed out in expression evaluation');
      if (expression === '1') return result({ type: 'scalar', timestampMs: timeMs, value: 1 });
      if (expression === '"s"') return result({ type: 'string', timestampMs: timeMs, value: 's' });
      if (expression === 'h') {
        return result({
          type: 'vector',
          timestampMs: timeMs,
          samples: [{ labels: Labels.of({ __name__: 'h' }), value: NaN, histogram }],
        });
      }
      if (expression === 'up[5m]') {
        const series = ['a:1', 'b:1'].map((instance) => ({
          labels: up(instance),
          timestamps: Float64Array.of(timeMs - 60_000, timeMs - 7_000),
          values: Float64Array.of(0, 1),
        }));
        return result({ type: 'matrix', series });
      }
      return result(vector(timeMs));
    },
    async queryRange(expression, { startMs, stepMs }) {
      parseExpression(expression);
      const timestamps = Float64Array.of(startMs, startMs + stepMs, startMs + 2 * stepMs);
      const histograms = [undefined, histogram, undefined];
      return result({
        type: 'matrix',
        series: [
          { labels: up('a:1'), timestamps, values: Float64Array.of(1, 1e21, -0) },
          { labels: up('b:1'), timestamps: timestamps.slice(1), values: Float64Array.of(NaN, Infinity) },
          ...(expression === 'mixed'
            ? [{ labels: up('c:1'), timestamps, values: Float64Array.of(5, NaN, 1e-7), histograms }]
            : []),
        ],
      });
    },
    series: async () => [up('a:1'), up('b:1')],
    labelNames: async () => ['__name__', 'instance', 'job'],
    labelValues: async (name) => (name === 'a.b_c' ? ['escaped'] : ['x', 'y']),
    metadata: async () => new Map([['up', [{ type: 'gauge', help: 'h', unit: '' }]]]),
    targetMetadata: async () => [
      { target: Labels.of({ job: 'node' }), metric: 'up', type: 'gauge', help: 'h', unit: '' },
    ],
    exemplars: async () => [
      { series: up('a:1'), exemplars: [{ labels: Labels.of({ trace_id: 't' }), value: 2, timestampMs: 1_500 }] },
    ],
    targets: async () => ({
      active: ['b', 'a'].map((job) => ({
        job,
        discoveredLabels: Labels.of({ __address__: 'h:1' }),
        labels: Labels.of({ job, instance: 'h:1' }),
        scrapeUrl: 'http://h:1/metrics',
        globalUrl: 'http://h:1/metrics',
        health: 'up' as const,
        lastError: '',
        lastScrapeMs: NOW_MS,
        lastScrapeDurationSeconds: 0.5,
        scrapeIntervalMs: 15_000,
        scrapeTimeoutMs: 10_000,
      })),
      dropped: [{ job: 'a', discoveredLabels: Labels.of({ __address__: 'd:1' }) }],
      droppedCounts: { a: 1, b: 0 },
    }),
    storageStatus: async () => ({
      series: 3,
      samples: 9,
      chunks: 4,
      labelPairs: 5,
      minTimeMs: 1,
      maxTimeMs: 2,
      seriesByMetric: Array.from({ length: 20 }, (_, index) => ({ name: `m${index}`, value: 20 - index })),
      valuesByLabel: [{ name: 'job', value: 2 }],
      bytesByLabel: [{ name: 'job', value: 20 }],
      seriesByPair: [{ name: 'job=a', value: 2 }],
    }),
    ...overrides,
  };
}

const alert = {
  labels: Labels.of({ alertname: 'Down', severity: 'page' }),
  annotations: Labels.of({ summary: 's' }),
  state: 'firing' as const,
  activeAtMs: NOW_MS,
  value: 0,
};

export const ruleGroups: readonly RuleGroupState[] = ['g1', 'g2', 'g3'].map((name) => ({
  name,
  file: '/r.yml',
  intervalMs: 60_000,
  limit: 0,
  lastEvaluationMs: NOW_MS,
  evaluationSeconds: 0.001,
  rules: [
    {
      kind: 'alerting',
      name: 'Down',
      query: 'up == 0',
      labels: Labels.of({ severity: 'page' }),
      health: 'ok',
      lastError: '',
      lastEvaluationMs: NOW_MS,
      evaluationSeconds: 0.001,
      state: 'firing',
      forMs: 60_000,
      keepFiringForMs: 0,
      annotations: Labels.of({ summary: 's' }),
      alerts: [alert],
    },
    {
      kind: 'recording',
      name: 'job:up',
      query: 'sum(up)',
      labels: Labels.EMPTY,
      health: 'err',
      lastError: 'it broke',
      lastEvaluationMs: 0,
      evaluationSeconds: 0,
    },
  ],
}));

export function fakeAlerts(overrides: Partial<AlertSource> = {}): AlertSource {
  const refuse = async (): Promise<never> => {
    throw new Error('not part of this test');
  };
  return {
    state: () => ({ kind: 'live', endpoint: 'local', sinceMs: 0 }),
    close: async () => undefined,
    ruleGroups: async () => ruleGroups,
    alerts: refuse,
    alertGroups: refuse,
    postAlerts: refuse,
    silences: refuse,
    silence: refuse,
    setSilence: refuse,
    expireSilence: refuse,
    notifications: refuse,
    notifierStatus: refuse,
    explain: refuse,
    ...overrides,
  };
}
