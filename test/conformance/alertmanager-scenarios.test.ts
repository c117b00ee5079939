/** The timed scenarios of Alertmanager's acceptance tests, on a clock that only moves when told to. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Alerting } from '../../src/alerting/alerting.ts';
import { silenceMatcher } from '../../src/alerting/silences.ts';
import type { AlertmanagerConfig } from '../../src/config/alertmanager-config.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { RecordingHttp } from '../alerting/recording-http.ts';

const FOLDER = '../shared/conformance/alertmanager/scenarios';
const START = Date.parse('2026-01-01T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'watchfire-scenarios-'));
const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith('.json')) : [];

interface ScenarioAlert {
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly active?: readonly (number | undefined)[];
}

interface Scenario {
  readonly name: string;
  readonly tolerance_s: number;
  readonly drop_until_s?: readonly (number | null)[];
  readonly config: unknown;
  readonly events: readonly {
    readonly at: number;
    readonly op: 'push' | 'silence' | 'unsilence' | 'reload';
    readonly alerts?: readonly ScenarioAlert[];
    readonly ref?: string;
    readonly starts?: number;
    readonly ends?: number;
    readonly matchers?: readonly {
      readonly name: string;
      readonly value: string;
      readonly isRegex?: boolean;
      readonly isEqual?: boolean;
    }[];
    readonly config?: unknown;
  }[];
  readonly want: readonly (readonly {
    readonly between: readonly [number, number];
    readonly alerts: readonly ScenarioAlert[];
  }[])[];
}

interface ToldAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
}

if (files.length === 0) console.log('alertmanager scenarios: skipped, the conformance data is not here');

describe.skipIf(files.length === 0)('Alertmanager scenarios', () => {
  it.each(files)('%s', async (file) => {
    const scenario = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Scenario;
    const told = await play(scenario);
    for (const [hook, wanted] of scenario.want.entries()) {
      const came = told[hook] ?? [];
      for (const { between, alerts } of wanted) {
        const inside = came.filter(({ at }) => at >= between[0] && at <= between[1]);
        const found = inside.some(
          (each) =>
            each.alerts.length === alerts.length &&
            alerts.every((alert) => each.alerts.some((candidate) => isSame(alert, candidate, scenario.tolerance_s))),
        );
        expect(alerts.length === 0 ? inside.length === 0 : found, `${hook}: ${between} ${JSON.stringify(came)}`).toBe(
          true,
        );
      }
      const count = (lists: readonly { readonly alerts: readonly unknown[] }[]): number =>
        lists.reduce((sum, { alerts }) => sum + alerts.length, 0);
      expect(count(came)).toBe(count(wanted));
    }
  });
});

async function play(scenario: Scenario): Promise<{ at: number; alerts: readonly ToldAlert[] }[][]> {
  const clock = new ManualClock(START);
  const http = new RecordingHttp(() => clock.nowMs());
  const alerting = createAlerting({
    config: readConfig(scenario.config),
    clock,
    random: () => 0.5,
    externalUrl: 'http://watchfire',
    http: () => http,
  });
  const silences = new Map<string, string>();
  for (const event of [...scenario.events].sort((a, b) => a.at - b.at)) {
    await clock.advanceTo(START + event.at * 1000);
    await perform(alerting, event, silences, scenario);
  }
  const end = Math.max(...scenario.want.flat().map(({ between }) => between[1]));
  await clock.advanceTo(START + end * 1000);
  return scenario.want.map((_, hook) =>
    http.sent
      .filter(({ request }) => request.url.includes(`webhook${hook}.test`))
      .map(({ atMs, text }) => ({ at: (atMs - START) / 1000, alerts: JSON.parse(text).alerts as ToldAlert[] }))
      .filter(({ at }) => at >= (scenario.drop_until_s?.[hook] ?? 0)),
  );
}

async function perform(
  alerting: Alerting,
  event: Scenario['events'][number],
  silences: Map<string, string>,
  scenario: Scenario,
): Promise<void> {
  const at = (seconds: number | undefined): number | undefined =>
    seconds === undefined || seconds === 0 ? undefined : START + seconds * 1000;
  switch (event.op) {
    case 'push':
      alerting.receive(
        event.alerts!.map(({ labels, annotations, active }) => ({
          labels: Labels.of(labels),
          annotations: Labels.of(annotations ?? {}),
          startsAtMs: at(active?.[0]),
          endsAtMs: at(active?.[1]),
          generatorUrl: '',
        })),
      );
      return;
    case 'silence': {
      const matchers = event.matchers!.map(({ name, value, isRegex, isEqual }, i) =>
        silenceMatcher(isRegex ? (isEqual === false ? '!~' : '=~') : isEqual === false ? '!=' : '=', name, value, i),
      );
      const [startsAtMs, endsAtMs] = [START + event.starts! * 1000, START + event.ends! * 1000];
      silences.set(
        event.ref!,
        await alerting.setSilence({ matchers, startsAtMs, endsAtMs, createdBy: 'a', comment: 'c' }),
      );
      return;
    }
    case 'unsilence':
      await alerting.expireSilence(silences.get(event.ref!)!);
      return;
    case 'reload':
      await alerting.reload(readConfig(event.config ?? scenario.config));
  }
}

function readConfig(written: unknown): AlertmanagerConfig {
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, JSON.stringify(written).replaceAll(/\$WEBHOOK(\d+)/g, 'webhook$1.test'));
  return loadAlertmanagerConfig(file).value;
}

function isSame(wanted: ScenarioAlert, told: ToldAlert, tolerance: number): boolean {
  const near = (text: string, seconds: number | undefined): boolean =>
    seconds === undefined
      ? text === '0001-01-01T00:00:00Z'
      : Math.abs((Date.parse(text) - START) / 1000 - seconds) <= tolerance + 0.001;
  return (
    Labels.of(wanted.labels).equals(Labels.of(told.labels)) &&
    Labels.of(wanted.annotations ?? {}).equals(Labels.of(told.annotations)) &&
    near(told.startsAt, wanted.active?.[0]) &&
    near(told.endsAt, wanted.active?.[1])
  );
}
