import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import type { Monitor } from '../../src/monitor/sources.ts';
import { frameRows } from '../../src/tui/frame/layout.ts';
import { rowWidth, toAnsi, toText } from '../../src/tui/frame/row.ts';
import { Session } from '../../src/tui/frame/session.ts';
import { makeKeymap } from '../../src/tui/input/bindings.ts';
import { makeKeyParser } from '../../src/tui/input/keys.ts';
import { views } from '../../src/tui/views/registry.ts';
import { type FakeOptions, makeFakeMonitor } from './fake-monitor.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

interface Screen {
  readonly session: Session;
  readonly written: string[];
  readonly quits: number[];
  /** Types keys by name (`3`, `Enter`, `Esc`, `text`), waiting after each until nothing is under way. */
  press(...keys: string[]): Promise<void>;
  text(width?: number, height?: number): string;
}

async function open(
  fake: Partial<FakeOptions> = {},
  more: { ascii?: boolean; colours?: 0 | 16 | 256; monitor?: Monitor } = {},
): Promise<Screen> {
  const written: string[] = [];
  const quits: number[] = [];
  const session = new Session({
    monitor: more.monitor ?? makeFakeMonitor({ nowMs: () => NOW, ...fake }),
    views,
    keymap: makeKeymap(),
    colours: more.colours ?? 16,
    ascii: more.ascii ?? false,
    utc: true,
    theme: 'default',
    nowMs: () => NOW,
    emit: (sequence) => written.push(sequence),
    quit: (code) => quits.push(code),
    schedule: () => {},
    redraw: () => {},
    mouse: () => {},
    suspend: () => {},
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (i > 3 && session.settled) return;
    }
  };
  await settle();
  const special: Record<string, string> = {
    Enter: '\r',
    Tab: '\t',
    Space: ' ',
    Down: '\u001b[B',
    Left: '\u001b[D',
    Backspace: '\u007f',
    'C-u': '\u0015',
  };
  return {
    session,
    written,
    quits,
    async press(...keys) {
      for (const key of keys) {
        if (key === 'Esc') session.handleKey({ name: 'Esc', text: '' });
        else for (const each of makeKeyParser().push(special[key] ?? key)) session.handleKey(each);
        await settle();
      }
    },
    text: (width = 120, height = 40) => frameRows(session, width, height).map(toText).join('\n'),
  };
}

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

describe('keys', () => {
  it('filters by word, field and inverse, and shows the filter', async () => {
    const screen = await open();
    await screen.press('3', '/', 'payment !memory', 'Enter');
    expect(screen.text()).toContain('/payment !memory');
    expect(screen.text()).toContain('2 alerts');
    await screen.press('/', 'C-u', 'severity=critical', 'Enter');
    expect(screen.text()).toContain('4 alerts');
    screen.session.close();
  });

  it('offers a filter only where there is a list', async () => {
    const screen = await open();
    expect(screen.text()).not.toContain('/ filter');
    await screen.press('/');
    expect(screen.session.prompt).toBeUndefined();
    expect(screen.text()).toContain('There is no list here that a filter would shorten.');
    await screen.press('4');
    expect(screen.text()).toContain('/ filter');
    await screen.press('Enter');
    expect(screen.text()).not.toContain('/ filter');
    screen.session.close();
  });

  it('takes commands, with completion', async () => {
    const screen = await open();
    await screen.press(':', 'log', 'Tab', ' le', 'Tab', 'Enter');
    expect(screen.text()).toContain('error and worse');
    await screen.press(':', 'query rate(cache_hits_total[1m])', 'Enter');
    expect(screen.text()).toContain('query rate(cache_hits_total[1m])');
    await screen.press(':', 'range 1h', 'Enter');
    expect(screen.text()).toContain('live 1h');
    await screen.press(':', 'nonsense', 'Enter');
    expect(screen.text()).toContain('There is no command nonsense');
    await screen.press(':', 'q', 'Enter');
    expect(screen.quits).toEqual([0]);
    screen.session.close();
  });

  it('takes a filter behind the name of a view', async () => {
    const screen = await open();
    await screen.press(':', 'alerts payment', 'Enter');
    expect(screen.text()).toContain('/payment');
    await screen.press(':', 'logs level=error timeout', 'Enter');
    expect(screen.text()).toContain('error and worse');
    expect(screen.text()).toContain('/timeout');
    await screen.press(':', 'logs level=loud', 'Enter');
    expect(screen.text()).toContain('level=loud is none of the levels: unknown, trace, debug');
    expect(screen.text()).toContain('error and worse');
    await screen.press(':', 'overview payment', 'Enter');
    expect(screen.text()).toContain('overview takes no argument');
    screen.session.close();
  });

  it('goes through time and back to live', async () => {
    const screen = await open();
    await screen.press('[');
    expect(screen.text()).toContain('past 13:37:30–13:52:30');
    await screen.press(']', '+');
    expect(screen.text()).toContain('live 10m');
    await screen.press('-', '-', '0');
    expect(screen.text()).toContain('live 15m');
    screen.session.close();
  });

  it('copies by OSC 52', async () => {
    const screen = await open();
    await screen.press('5', 'y');
    const [sequence] = screen.written;
    expect(sequence).toMatch(/^\u001b\]52;c;[A-Za-z0-9+/=]+\u0007$/);
    await screen.press('Y');
    expect(Buffer.from(screen.written[1]!.slice(7, -1), 'base64').toString()).toMatch(
      /^watchfire traces [0-9a-f]{32}$/,
    );
    screen.session.close();
  });

  it('copies what is selected on the overview, a trouble too', async () => {
    const screen = await open();
    await screen.press('G', 'y');
    const [sequence] = screen.written;
    expect(Buffer.from(sequence!.slice(7, -1), 'base64').toString()).toMatch(/^rule Broken: many-to-many/);
    screen.session.close();
  });

  it('edits a query with completion, and points at what is wrong with one', async () => {
    const screen = await open();
    await screen.press('2', 'i', 'sum(rate(http_r');
    expect(screen.text()).toContain('http_requests_total');
    await screen.press('Tab');
    expect(screen.text()).toMatch(/query sum\(rate\(http_req/);
    await screen.press('C-u', 'rate(up{', 'Enter');
    expect(screen.text()).toContain('parse error: unclosed left parenthesis');
    screen.session.close();
  });

  it('shows every key that acts, from the one table', async () => {
    const screen = await open();
    await screen.press('4', '?');
    for (const words of ['pause the stream', 'next error', 'copy what is selected', 'to the last'])
      expect(screen.text(120, 60)).toContain(words);
    screen.session.close();
  });
});

describe('the logs', () => {
  it('counts what waits while they are paused', async () => {
    const screen = await open();
    await screen.press('4', 'Space');
    expect(screen.text()).toContain('paused, 0 waiting');
    await screen.press('Space');
    expect(screen.text()).toContain('following');
    screen.session.close();
  });

  it('stay where one reads when they are asked for anew', async () => {
    const monitor = makeFakeMonitor({ nowMs: () => NOW });
    const all = await monitor.logs.search({ limit: 200 });
    let from = 0;
    const search = async () => all.slice(from, from + 150).map((record) => ({ ...record }));
    // Nothing comes in by itself.
    const tail = () => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true as const, value: undefined }) }),
    });
    const screen = await open({}, { monitor: { ...monitor, logs: { ...monitor.logs, search, tail } } });
    const again = async (): Promise<void> => {
      screen.session.refresh(screen.session.place);
      await screen.press('w', 'w');
    };
    await screen.press('4', 'k', 'k', 'k');
    const line = selectedLine(screen);
    from = 5;
    await again();
    expect(selectedLine(screen)).toBe(line);
    await screen.press('Space');
    const lines = (): string[] => screen.text().split('\n').slice(-15, -1);
    const shown = lines();
    from = 12;
    await again();
    expect(screen.text()).toContain('paused, 7 waiting');
    expect(lines()).toEqual(shown);
    screen.session.close();
  });

  it('lets no escape sequence of a line through', async () => {
    const screen = await open();
    await screen.press('4', '/', '漢字', 'Enter');
    const ansi = frameRows(screen.session, 120, 40)
      .map((each) => toAnsi(each, screen.session.theme))
      .join('\n');
    expect(ansi).toContain('red 漢字 gnp.exe');
    expect(ansi).not.toContain('\u202e');
    screen.session.close();
  });
});

function selectedLine(screen: Screen): string {
  const rows = frameRows(screen.session, 120, 40);
  return toText(rows.find((each) => each.some((segment) => segment.selected)) ?? []);
}
