import { describe, expect, it } from 'vitest';
import { frameRows } from '../../src/tui/frame/layout.ts';
import { toAnsi } from '../../src/tui/frame/row.ts';
import { makeFakeMonitor } from './fake-monitor.ts';
import { NOW, open, selectedLine } from './open-screen.ts';

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
