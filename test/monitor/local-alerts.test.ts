import { expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { localAlertSource } from '../../src/monitor/local-alerts.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import type { RuleManager } from '../../src/rules/rule-manager.ts';
import { config, receiver } from '../alerting/simple-config.ts';

it('explains of an alert that does not fire where it would go', async () => {
  const clock = new ManualClock(Date.parse('2026-03-02T00:00:00Z'));
  const route = { routes: [{ receiver: 'pager', matchers: ['severity="critical"', 'cluster="a"'] }] };
  const alerting = createAlerting({
    config: config({ route, receivers: [receiver('default', []), receiver('pager', [])] }),
    clock,
    random: () => 0.5,
    externalUrl: 'http://watchfire',
  });
  const rule = { kind: 'alerting', name: 'Quiet', labels: Labels.of({ severity: 'critical' }), alerts: [] };
  const source = localAlertSource({
    rules: { groups: () => [{ rules: [rule] }] } as unknown as RuleManager,
    alerting,
    clock,
    explainRule: async () => [{ heading: 'why the result is empty', lines: [] }],
    sentLabels: (labels) => (labels.get('alertname') === 'Quiet' ? labels.with('cluster', 'a') : undefined),
    stateFault: () => undefined,
  });
  const { sections } = await source.explain('Quiet', undefined);
  expect(sections.map(({ heading }) => heading)).toEqual([
    'why the result is empty',
    'Route of an alert, by the labels of the rule {alertname="Quiet", cluster="a", severity="critical"}',
  ]);
  expect(sections[1]!.lines.at(-1)).toMatch(/chosen → receiver pager$/);
  await alerting.close();
});
