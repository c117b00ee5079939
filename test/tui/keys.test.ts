import { describe, expect, it } from 'vitest';
import { makeFakeMonitor } from './fake-monitor.ts';
import { NOW, open, type Screen } from './open-screen.ts';

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

  it('says where a key of the footer finds nothing to act on, and names those that lead somewhere', async () => {
    const monitor = makeFakeMonitor({ nowMs: () => NOW, empty: true });
    monitor.alerts.alerts = async () => [];
    const screen = await open({}, { monitor });
    expect(footer(screen)).toMatch(/q quit/);
    expect(footer(screen)).not.toContain('Esc back');
    await screen.press('Enter');
    expect(footer(screen).trim()).toBe('There is nothing to open here; Tab goes to the next pane.');
    await screen.press('x');
    expect(footer(screen).trim()).toBe('Select an alert to explain it; Tab goes to the next pane.');
    for (const key of ['l', 't', 'm']) {
      await screen.press(key);
      expect(footer(screen)).toMatch(/^ Select a row first/);
    }
    await screen.press('3');
    expect(footer(screen)).toMatch(/Esc back/);
    expect(footer(screen)).not.toContain('q quit');
    screen.session.close();
  });

  it('shows in the footer what acts where one is', async () => {
    const screen = await open();
    await screen.press('2');
    expect(footer(screen)).toContain('Enter query');
    expect(footer(screen)).not.toContain('show/hide');
    await screen.press('Enter');
    expect(footer(screen)).toContain('Space show/hide');
    await screen.press('7');
    expect(footer(screen)).toMatch(/l logs +t traces +m metrics +x explain +D by duration/);
    await screen.press('Enter');
    expect(footer(screen)).toMatch(/^ Enter query +l logs +t traces +m metrics +x explain/);
    expect(footer(screen)).not.toContain('by duration');
    await screen.press('?');
    expect(screen.text()).toMatch(/^ Rule\b.*Everywhere/m);
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

function footer(screen: Screen): string {
  return screen.text(140, 40).split('\n').at(-1)!;
}
