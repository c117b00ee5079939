/** The JSON shapes of Prometheus' `/api/v1/rules`. */
import { list, record, text, toFloat, toLabels, toMs } from './prometheus-api.ts';
import type { RuleAlert, RuleAlertState, RuleGroupState, RuleHealth, RuleState } from './sources.ts';

export function toGroup(row: Record<string, unknown>): RuleGroupState {
  return {
    name: text(row['name']),
    file: text(row['file']),
    intervalMs: toFloat(row['interval']) * 1000,
    limit: toFloat(row['limit'] ?? 0),
    lastEvaluationMs: toMs(row['lastEvaluation']),
    evaluationSeconds: toFloat(row['evaluationTime'] ?? 0),
    rules: list(row['rules']).map(record).map(toRule),
  };
}

function toRule(row: Record<string, unknown>): RuleState {
  const health: RuleHealth = row['health'] === 'ok' || row['health'] === 'err' ? row['health'] : 'unknown';
  const common = {
    name: text(row['name']),
    query: text(row['query']),
    labels: toLabels(row['labels']),
    health,
    lastError: text(row['lastError']),
    lastEvaluationMs: toMs(row['lastEvaluation']),
    evaluationSeconds: toFloat(row['evaluationTime'] ?? 0),
  };
  if (row['type'] !== 'alerting') return { kind: 'recording', ...common };
  return {
    kind: 'alerting',
    ...common,
    state: toState(row['state']),
    forMs: toFloat(row['duration'] ?? 0) * 1000,
    keepFiringForMs: toFloat(row['keepFiringFor'] ?? 0) * 1000,
    annotations: toLabels(row['annotations']),
    alerts: list(row['alerts'])
      .map(record)
      .map(
        (alert): RuleAlert => ({
          labels: toLabels(alert['labels']),
          annotations: toLabels(alert['annotations']),
          state: toState(alert['state']),
          activeAtMs: toMs(alert['activeAt']),
          keepFiringSinceMs: alert['keepFiringSince'] === undefined ? undefined : toMs(alert['keepFiringSince']),
          value: toFloat(alert['value']),
        }),
      ),
  };
}

function toState(value: unknown): RuleAlertState {
  return value === 'firing' || value === 'pending' ? value : 'inactive';
}
