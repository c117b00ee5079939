/** Drives the built program in a real pseudo-terminal by keys, and reads the screen as a person would see it. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const KEYS: Readonly<Record<string, string>> = {
  Enter: '\r',
  Esc: '\u001b',
  Tab: '\t',
  Up: '\u001b[A',
  Down: '\u001b[B',
  Right: '\u001b[C',
  Left: '\u001b[D',
  Space: ' ',
};

/** Nothing waits so long unless it never comes, however busy the machine is. */
export const PATIENCE_MS = 100_000;

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** A shell command whose output is piped into the program's standard input. */
  readonly input?: string;
  /** Arguments of Node itself, before the program. */
  readonly nodeArguments?: readonly string[];
  /** Started by an interactive shell, which gets the terminal back when the program stops. */
  readonly shell?: boolean;
}

export class TerminalProgram {
  readonly #pty: IPty;
  readonly #terminal: xterm.Terminal;
  #title = '';
  #exit: number | undefined;
  #written = '';

  constructor(args: readonly string[], options: ScreenOptions = {}) {
    const cols = options.columns ?? 120;
    const rows = options.rows ?? 40;
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 0 });
    this.#terminal.onTitleChange((title) => {
      this.#title = title;
    });
    const program = [...(options.nodeArguments ?? []), join(projectRoot, 'bin', 'watchfire.js'), ...args];
    const [file, own] = options.shell
      ? ['bash', ['--norc', '--noprofile', '-i']]
      : options.input === undefined
        ? [process.execPath, program]
        : ['sh', ['-c', `(${options.input}) | "$@"`, 'sh', process.execPath, ...program]];
    this.#pty = spawn(file, own, {
      cols,
      rows,
      cwd: options.directory ?? projectRoot,
      env: { ...process.env, TERM: 'xterm-256color', WATCHFIRE_IDLE: '1', NO_COLOR: undefined, ...options.environment },
    });
    this.#pty.onData((data) => {
      this.#written += data;
      this.#terminal.write(data);
    });
    if (options.shell) this.#pty.write(`${[process.execPath, ...program].map((word) => `'${word}'`).join(' ')}\r`);
    this.#pty.onExit(({ exitCode }) => {
      this.#exit = exitCode;
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  get exitCode(): number | undefined {
    return this.#exit;
  }

  /** Everything written to the terminal so far, escape sequences included. */
  get written(): string {
    return this.#written;
  }

  /** The title that the program last set: `watchfire idle N K` for its Nth frame that nothing under way will change, after K keys. */
  get title(): string {
    return this.#title;
  }

  /** The lines of the screen, without blanks at their ends. */
  lines(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
    );
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** Presses keys one after the other, each after the screen has settled on the one before: single characters, or names such as Enter. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const before = this.#keys();
      this.#pty.write(KEYS[key] ?? key);
      await this.#settled(key, before);
    }
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** Waits until the screen shows it; the error shows the screen. */
  async until(what: string | RegExp | ((text: string) => boolean), withinMs = PATIENCE_MS): Promise<string> {
    const holds = (text: string): boolean =>
      typeof what === 'string' ? text.includes(what) : what instanceof RegExp ? what.test(text) : what(text);
    const untilMs = Date.now() + withinMs;
    for (;;) {
      const text = this.text();
      if (holds(text)) return text;
      if (Date.now() > untilMs || this.#exit !== undefined) {
        const why = this.#exit === undefined ? `not within ${withinMs} ms` : `the program ended with ${this.#exit}`;
        throw new Error(`the screen never showed ${String(what)} (${why}); it shows:\n${text}`);
      }
      await pause(50);
    }
  }

  async ended(withinMs = PATIENCE_MS): Promise<number> {
    const untilMs = Date.now() + withinMs;
    while (this.#exit === undefined) {
      if (Date.now() > untilMs) throw new Error(`the program has not ended; it shows:\n${this.text()}`);
      await pause(50);
    }
    return this.#exit;
  }

  kill(signal = 'SIGKILL'): void {
    if (this.#exit === undefined) this.#pty.kill(signal);
  }

  /** Keys that the last idle frame came after. */
  #keys(): number {
    return Number(/^watchfire idle \d+ (\d+)$/.exec(this.#title)?.[1] ?? 0);
  }

  /** A key was handled when there is an idle frame that came after it, or when it ended the program. */
  async #settled(key: string, before: number): Promise<void> {
    const untilMs = Date.now() + PATIENCE_MS;
    while (this.#keys() <= before && this.#exit === undefined) {
      if (Date.now() > untilMs)
        throw new Error(`the screen did not settle within ${PATIENCE_MS} ms after ${key}; it shows:\n${this.text()}`);
      await pause(20);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
