import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { frameRows } from '../../src/tui/frame/layout.ts';
import { rowWidth, toAnsi, toText } from '../../src/tui/frame/row.ts';
import { makeFakeMonitor } from './fake-monitor.ts';
import { NOW, open, selectedLine } from './open-screen.ts';

const VIEWS = ['1', '2', '3', '4', '5', '6', '7'];
const SIZES = [
  [60, 14],
  [80, 24],
  [100, 30],
  [120, 40],
  [200, 50],
] as const;

describe('every view', () => {
  it.each([
    ['with content', {}],
    ['empty', { empty: true }],
    ['with sources that fail', { failing: ['metrics', 'alerts', 'logs', 'traces'] as const }],
  ])('%s fills the screen exactly at every size', async (_, fake) => {
    const screen = await open(fake);
    for (const view of VIEWS) {
      await screen.press(view);
      for (const deeper of [[], ['Enter'], ['z'], ['Enter'], ['?']]) {
        await screen.press(...deeper);
        for (const [width, height] of SIZES) {
          const rows = frameRows(screen.session, width, height);
          expect(rows, `view ${view}`).toHaveLength(height);
          expect(rows.map(toText).join('\n')).not.toContain('could not be drawn');
          for (const each of rows)
            expect(rowWidth(each), `view ${view} at ${width}: ${toText(each)}`).toBeLessThan(width);
        }
      }
      await screen.press('Esc', 'z', 'Esc', 'Esc');
    }
    screen.session.close();
  });

  it('is drawn in ASCII alone where that is asked for', async () => {
    const screen = await open({}, { ascii: true });
    for (const view of VIEWS) {
      await screen.press(view, 'G');
      const own = screen.text().replace(/漢字/g, '');
      expect(own, `view ${view}`).toMatch(/^[\x20-\x7e\n]*$/);
    }
    screen.session.close();
  });

  it('tells the selected series from the others without colours', async () => {
    const screen = await open({}, { colours: 0 });
    await screen.press('2', 'i', 'http_requests_total', 'Enter');
    const chart = (): string =>
      frameRows(screen.session, 120, 40)
        .slice(4, 20)
        .map((each) => toAnsi(each, screen.session.theme))
        .join('\n');
    const first = chart();
    expect(first).toMatch(/\u001b\[1m[^\u001b]*[⠁-⣿]/);
    expect(first).toMatch(/\u001b\[(?:0;)?2m[^\u001b]*[⠁-⣿]/);
    await screen.press('j');
    expect(chart()).not.toBe(first);
    screen.session.close();
  });

  it('sets no colour under NO_COLOR, and shows the selection all the same', async () => {
    const screen = await open({}, { colours: 0 });
    for (const view of VIEWS) {
      await screen.press(view);
      const ansi = frameRows(screen.session, 120, 40)
        .map((each) => toAnsi(each, screen.session.theme))
        .join('\n');
      expect(ansi).not.toMatch(/\u001b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9\d|10\d)[;m]/);
      expect(ansi, `view ${view}`).toContain('\u001b[7m');
    }
    screen.session.close();
  });

  it('says so where the terminal is too small', async () => {
    const screen = await open();
    expect(screen.text(40, 10)).toContain('watchfire needs 60×14');
    screen.session.close();
  });

  it('says what is wrong and what to do where a source fails', async () => {
    const screen = await open({ failing: ['logs', 'traces', 'metrics', 'alerts'] });
    await screen.press('4');
    expect(screen.text()).toContain('The logs cannot be read.');
    expect(screen.text()).toContain('ECONNREFUSED');
    expect(screen.text()).toContain('--elasticsearch URL');
    expect(screen.text()).toContain('next try in 8s');
    await screen.press('5');
    expect(screen.text()).toContain('--jaeger URL');
    screen.session.close();
  });
});

describe('on call', () => {
  it('goes from the alert to its series, its logs, a trace, and back step by step', async () => {
    const screen = await open();
    expect(screen.text()).toMatch(
      /firing\s+critical\s+HighErrorRate\s+order\s+7\.31 % > 5 %\s+8m 12s since 13:51:48\s+slack/,
    );
    await screen.press('Enter');
    expect(screen.text()).toContain('HighErrorRate order');
    expect(screen.text()).toContain('▲ FIRING');
    expect(screen.text()).toContain('╌╌╌');
    expect(screen.text()).toContain('watchfire does not deliver to PagerDuty');
    await screen.press('l');
    expect(screen.text()).toContain('overview › HighErrorRate order › logs order');
    expect(screen.session.place.view).toBe('logs');
    await screen.press('E');
    for (let i = 0; i < 50 && !/→ /.test(selectedLine(screen)); i++) await screen.press('E');
    await screen.press('Enter', 'Enter');
    expect(screen.text()).toContain('Service and operation');
    expect(screen.session.stack.map((place) => place.view)).toEqual(['overview', 'alerts', 'logs', 'logs', 'traces']);
    await screen.press('l');
    expect(screen.text()).toContain('logs of ');
    for (let i = 0; i < 5; i++) await screen.press('Esc');
    expect(screen.session.stack).toHaveLength(1);
    expect(screen.text()).toContain('Wrong now');
    await screen.press('Esc', 'Esc');
    expect(screen.quits).toEqual([]);
    await screen.press('q');
    expect(screen.quits).toEqual([0]);
    screen.session.close();
  });

  it('silences only after a question', async () => {
    const monitor = makeFakeMonitor({ nowMs: () => NOW });
    const screen = await open({}, { monitor });
    await screen.press('3', 's');
    expect(screen.text()).toContain('matches 1 alert now: HighErrorRate order');
    await screen.press('Enter');
    expect(screen.text()).toContain('Silence these alerts?');
    await screen.press('n', 'Esc');
    expect(await monitor.alerts.silences([])).toHaveLength(0);
    await screen.press('s', 'Enter', 'y');
    const [silence] = await monitor.alerts.silences([]);
    expect(silence!.matchers.map(String)).toContain('alertname="HighErrorRate"');
    expect(silence!.endsAtMs - silence!.startsAtMs).toBe(2 * 3_600_000);
    screen.session.close();
  });

  it('counts in the header what the alert list has: silenced ones apart, and those that no rule here gave', async () => {
    const monitor = makeFakeMonitor({ nowMs: () => NOW });
    const screen = await open({}, { monitor });
    expect(screen.text().split('\n')[0]).toMatch(/▲ 3 firing +△ 2 pending +●/);
    await screen.press('3', 's', 'Enter', 'y');
    screen.session.close();
    const after = await open({}, { monitor });
    expect(after.text().split('\n')[0]).toMatch(/▲ 2 firing +△ 2 pending +◌ 1 suppressed/);
    after.session.close();
    const [alert] = await monitor.alerts.alerts({});
    const status = { state: 'active' as const, silencedBy: [], inhibitedBy: [], mutedBy: [] };
    monitor.alerts.ruleGroups = async () => [];
    monitor.alerts.alerts = async () => [{ ...alert!, status }];
    const foreign = await open({}, { monitor });
    expect(foreign.text().split('\n')[0]).toContain('▲ 1 firing');
    foreign.session.close();
  });

  it('silences one alert of several that differ in a label alone', async () => {
    const monitor = makeFakeMonitor({ nowMs: () => NOW });
    const [group] = await monitor.alerts.ruleGroups();
    const rule = group!.rules.find(({ kind }) => kind === 'alerting')!;
    const alerts = ['a', 'b'].map((node) => ({
      labels: Labels.of({ alertname: rule.name, service: 'shop', node }),
      annotations: Labels.EMPTY,
      state: 'firing' as const,
      activeAtMs: NOW,
      value: 1,
    }));
    monitor.alerts.ruleGroups = async () => [{ ...group!, rules: [{ ...rule, alerts }] }];
    monitor.alerts.alerts = async () => [];
    const screen = await open({}, { monitor });
    await screen.press('3', 's');
    expect(screen.text()).toContain(`matches 1 alert now: ${rule.name} shop a`);
    await screen.press('Enter', 'y');
    const [silence] = await monitor.alerts.silences([]);
    expect(silence!.matchers.map(String)).toContain('node="a"');
    screen.session.close();
  });

  it('tells what is stored, and what discovery found and dropped', async () => {
    const screen = await open();
    await screen.press('6', 'c');
    expect(screen.text()).toMatch(/memory\s+\S+ 38 MiB of 512 MiB/);
    expect(screen.text()).toMatch(/http_request_duration_seconds_bucket\s+640/);
    expect(screen.text(80, 24)).toMatch(/http_requests_total\s+120/);
    await screen.press('Esc', 'i');
    expect(screen.text()).toMatch(/node\s+file targets/);
    expect(screen.text()).toContain('kubernetes-pods  12 dropped');
    expect(screen.text()).toContain('batch-7');
    screen.session.close();
  });

  it('shows the alerts as they are notified, by group', async () => {
    const screen = await open();
    await screen.press('3', 'o');
    expect(screen.text()).toMatch(/\{alertname="HighErrorRate"\}\s+to on-call\s+next flush in 1m\s+1/);
    expect(screen.text()).toContain('In no group');
    expect(screen.text(80, 24)).toContain('to on-call');
    await screen.press('o');
    expect(screen.text()).toMatch(/Firing\s+\d/);
    screen.session.close();
  });

  it('silences what the filter names, and marks a silence that matches nothing', async () => {
    const monitor = makeFakeMonitor({ nowMs: () => NOW });
    const screen = await open({}, { monitor });
    await screen.press('3', 'f');
    expect(screen.text()).toContain('Filter with / first');
    await screen.press('/', 'severity=critical', 'Enter', 'f');
    expect(screen.text()).toContain('severity="critical"');
    expect(screen.text()).toMatch(/matches \d alerts? now: .*HighErrorRate/);
    await screen.press('Enter', 'y');
    await monitor.alerts.setSilence({
      matchers: [new Matcher('=', 'alertname', 'Gone')],
      startsAtMs: NOW,
      endsAtMs: NOW + 60_000,
      createdBy: 'a test',
      comment: '',
    });
    await screen.press('i');
    expect(screen.text()).toMatch(/severity="critical"\s+\d alerts?/);
    expect(screen.text()).toMatch(/alertname="Gone"\s+nothing/);
    screen.session.close();
  });

  it('tells every notification, its reason in words, and the selected one in full', async () => {
    const screen = await open();
    await screen.press('3', 'h');
    expect(screen.text()).toContain('5 records');
    expect(screen.text()).toMatch(/sent.*HighErrorRate.*group wait/);
    await screen.press('j', 'j', 'Enter');
    expect(screen.text()).toMatch(/reason\s+watchfire does not deliver to PagerDuty/);
    expect(screen.text()).toMatch(/to\s+on-call by pagerduty\[0\]/);
    screen.session.close();
  });

  it('explains an alert by the decisions that were taken', async () => {
    const screen = await open();
    await screen.press('x');
    expect(screen.text()).toContain('group-wait');
    await screen.press('Esc');
    expect(screen.text()).toContain('Wrong now');
    screen.session.close();
  });
});
