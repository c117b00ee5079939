import { expect, it } from 'vitest';
import { gatherTries } from '../../src/alerting/history.ts';
import type { NotificationRecord } from '../../src/alerting/model.ts';
import { Labels } from '../../src/labels/labels.ts';

function record(atMs: number, outcome: NotificationRecord['outcome'], integration = 'slack[0]'): NotificationRecord {
  const reason = outcome === 'sent' ? 'first-notification' : 'unexpected status code 503';
  return {
    atMs,
    receiver: 'team',
    integration,
    groupLabels: Labels.of({ alertname: 'Down' }),
    status: 'firing',
    firing: 1,
    resolved: 0,
    fingerprints: ['f'],
    outcome,
    reason,
    durationMs: 3,
  };
}

it('gathers the tries of an integration that failed alike, whatever others do meanwhile', () => {
  const records = [
    record(90, 'sent', 'email[0]'),
    record(80, 'retrying'),
    record(70, 'retrying', 'email[0]'),
    record(60, 'retrying'),
    record(50, 'retrying'),
    record(40, 'failed'),
    record(30, 'retrying'),
    record(20, 'retrying'),
    { ...record(10, 'retrying'), reason: 'connection refused' },
  ];
  const gathered = gatherTries(records).map((tries) => [tries.record.atMs, tries.count, tries.sinceMs]);
  expect(gathered).toEqual([
    [90, 1, 90],
    [80, 3, 50],
    [70, 1, 70],
    [40, 1, 40],
    [30, 2, 20],
    [10, 1, 10],
  ]);
});

it('knows a next try of the latest record alone', () => {
  const [latest, before] = gatherTries([
    { ...record(20, 'failed'), nextTryMs: 300 },
    { ...record(10, 'retrying'), nextTryMs: 25 },
  ]);
  expect([latest!.record.nextTryMs, before!.record.nextTryMs]).toEqual([300, undefined]);
});

it('keeps apart what did not fail alike', () => {
  expect(gatherTries([record(2, 'failed'), record(1, 'failed')])).toHaveLength(2);
  expect(gatherTries([record(2, 'sent'), record(1, 'sent')])).toHaveLength(2);
  expect(gatherTries([])).toEqual([]);
});
