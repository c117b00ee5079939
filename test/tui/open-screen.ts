/** The screen on made-up content, without a terminal: keys in, text out. */
import type { Monitor } from '../../src/monitor/sources.ts';
import { frameRows } from '../../src/tui/frame/layout.ts';
import { toText } from '../../src/tui/frame/row.ts';
import { Session } from '../../src/tui/frame/session.ts';
import { makeKeymap } from '../../src/tui/input/bindings.ts';
import { makeKeyParser } from '../../src/tui/input/keys.ts';
import { views } from '../../src/tui/views/registry.ts';
import { type FakeOptions, makeFakeMonitor } from './fake-monitor.ts';

export const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

export interface Screen {
  readonly session: Session;
  readonly written: string[];
  readonly quits: number[];
  /** Types keys by name (`3`, `Enter`, `Esc`, `text`), waiting after each until nothing is under way. */
  press(...keys: string[]): Promise<void>;
  text(width?: number, height?: number): string;
}

export async function open(
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

/** The text of the selected row. */
export function selectedLine(screen: Screen): string {
  const rows = frameRows(screen.session, 120, 40);
  return toText(rows.find((each) => each.some((segment) => segment.selected)) ?? []);
}
