/** The terminal face: takes the screen, reads keys, draws frames with ink, and gives the terminal back whatever happens. */
import { render } from 'ink';
import type { Monitor } from '../monitor/sources.ts';
import { type HeldTerminal, holdTerminal, keyboard } from './frame/held-terminal.ts';
import { frameRows } from './frame/layout.ts';
import { makePainter } from './frame/painter.ts';
import { toAnsi } from './frame/row.ts';
import { Screen } from './frame/screen.tsx';
import { Session } from './frame/session.ts';
import { makeKeymap } from './input/bindings.ts';
import { type Key, makeKeyParser } from './input/keys.ts';
import { coloursOf, type ThemeName } from './theme.ts';
import { views } from './views/registry.ts';

export interface TerminalOptions {
  readonly ascii?: boolean | undefined;
  readonly utc?: boolean | undefined;
  readonly theme?: ThemeName | undefined;
  /** By action, or scope and action: `{"logs.pause": "p"}`. A bad one rejects with a sentence before the screen is taken. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Sets the terminal's title to `watchfire idle N K` after each frame that nothing under way will change: the Nth, after K keys. */
  readonly idleMarker?: boolean | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly stdin?: NodeJS.ReadStream | undefined;
  readonly stdout?: NodeJS.WriteStream | undefined;
  /** Unix milliseconds; the wall clock where left out. */
  readonly nowMs?: (() => number) | undefined;
}

/** What comes in is drawn so often for a while after a key, and less often while nobody does anything. */
const FRAME_MS = 100;
const IDLE_FRAME_MS = 900;
const IDLE_AFTER_MS = 3000;
const KEY_FRAME_MS = 16;
const CLOCK_MS = 1000;
const ESCAPE_MS = 30;

/** Runs until the person quits. Gives the exit code: 0, 130 for Ctrl-C, 128 + n for a signal. Does not close the monitor. */
export function runTerminal(monitor: Monitor, options: TerminalOptions = {}): Promise<number> {
  const environment = options.environment ?? process.env;
  const keymap = makeKeymap(options.keys);
  const stdin = options.stdin ?? keyboard();
  const stdout = options.stdout ?? process.stdout;
  const idle = options.idleMarker ?? environment['WATCHFIRE_IDLE'] === '1';
  return new Promise((resolve) => {
    const painter = makePainter();
    let timer: NodeJS.Timeout | undefined;
    let dueMs = Number.POSITIVE_INFINITY;
    let drawnMs = 0;
    let keyMs = performance.now();
    let settledFrames = 0;
    let keys = 0;
    let ended = false;
    let held: HeldTerminal | undefined;

    const quit = (code: number): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      clearInterval(clock);
      session.close();
      ink.unmount();
      held!.release();
      resolve(code);
    };
    const schedule = (urgent: boolean): void => {
      if (ended || held === undefined) return;
      const nowMs = performance.now();
      const pauseMs = urgent ? KEY_FRAME_MS : nowMs - keyMs < IDLE_AFTER_MS ? FRAME_MS : IDLE_FRAME_MS;
      const atMs = Math.max(nowMs, drawnMs + pauseMs);
      if (atMs >= dueMs) return;
      dueMs = atMs;
      clearTimeout(timer);
      timer = setTimeout(draw, atMs - nowMs);
    };
    const session = new Session({
      monitor,
      views,
      keymap,
      colours: coloursOf(environment),
      ascii: options.ascii ?? false,
      utc: options.utc ?? false,
      theme: options.theme ?? 'default',
      nowMs: options.nowMs ?? Date.now,
      emit: (sequence) => void stdout.write(sequence),
      quit,
      schedule,
      redraw: () => painter.forget(),
      mouse: (on) => held!.mouse(on),
      suspend: () => held!.suspend(),
    });
    const lines = (): string[] =>
      frameRows(session, stdout.columns || 80, stdout.rows || 24).map((each) => toAnsi(each, session.theme));
    const draw = (): void => {
      if (ended) return;
      dueMs = Number.POSITIVE_INFINITY;
      drawnMs = performance.now();
      // A slow link that has not taken the last frame yet gets the next one when it has.
      if (stdout.writableNeedDrain) {
        stdout.once('drain', () => schedule(true));
        return;
      }
      ink.rerender(<Screen lines={lines()} />);
      if (idle && session.settled && dueMs === Number.POSITIVE_INFINITY) {
        stdout.write(`\u001b]2;watchfire idle ${++settledFrames} ${keys}\u0007`);
      }
    };
    // ink lays out and writes whole frames (`debug`); the painter sends of each only what differs.
    const sink = {
      isTTY: false,
      get columns() {
        return stdout.columns || 80;
      },
      get rows() {
        return stdout.rows || 24;
      },
      write: (frame: string) => {
        if (!ended) {
          const bytes = painter.paint(frame);
          if (bytes !== '') stdout.write(bytes);
        }
        return true;
      },
      on: () => sink,
      off: () => sink,
    };
    held = holdTerminal(stdin, stdout, {
      ended: quit,
      resumed: () => {
        painter.forget();
        schedule(true);
      },
    });
    const ink = render(<Screen lines={lines()} />, {
      stdout: sink as unknown as NodeJS.WriteStream,
      stdin,
      debug: true,
      patchConsole: false,
      exitOnCtrlC: false,
    });
    const clock = setInterval(() => schedule(false), CLOCK_MS);
    const parser = makeKeyParser();
    const handle = (pressed: readonly Key[]): void => {
      for (const key of pressed) session.handleKey(key);
      keys += pressed.length;
    };
    let escapeTimer: NodeJS.Timeout | undefined;
    held.onInput((chunk) => {
      keyMs = performance.now();
      clearTimeout(escapeTimer);
      handle(parser.push(chunk));
      if (parser.waiting) {
        escapeTimer = setTimeout(() => handle(parser.flush()), ESCAPE_MS);
      }
    });
    schedule(true);
  });
}
