import { EventEmitter } from 'node:events';
import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { runTerminal, type TerminalOptions } from '../../src/tui/terminal.tsx';
import { makeFakeMonitor } from './fake-monitor.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

/** A terminal emulator on the far end of the streams that the screen is given. */
function makeTerminal(columns: number, rows: number) {
  const emulator = new Terminal({ cols: columns, rows, allowProposedApi: true });
  const bytes: string[] = [];
  const raw: boolean[] = [];
  let title = '';
  emulator.onTitleChange((text) => {
    title = text;
  });
  const stdout = Object.assign(new EventEmitter(), {
    columns,
    rows,
    isTTY: true,
    writableNeedDrain: false,
    write(chunk: string, done?: () => void) {
      bytes.push(chunk);
      emulator.write(chunk, done);
      return true;
    },
  });
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
    setEncoding: () => {},
    pause: () => {},
    resume: () => {},
    ref: () => {},
    unref: () => {},
  });
  const text = (): string =>
    Array.from(
      { length: emulator.rows },
      (_, y) => emulator.buffer.active.getLine(y)?.translateToString(true) ?? '',
    ).join('\n');
  const settled = async (wanted: string): Promise<void> => {
    for (let i = 0; i < 300; i++) {
      if (title !== '' && text().includes(wanted)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never shown: ${wanted}\n${text()}`);
  };
  return {
    emulator,
    stdout,
    stdin,
    bytes,
    raw,
    text,
    title: () => title,
    settled,
    async press(keys: string, wanted: string) {
      title = '';
      stdin.emit('data', keys);
      await settled(wanted);
    },
    resize(toColumns: number, toRows: number) {
      Object.assign(stdout, { columns: toColumns, rows: toRows });
      emulator.resize(toColumns, toRows);
      stdout.emit('resize');
    },
  };
}

function start(columns = 100, rows = 30, more: Partial<TerminalOptions> = {}) {
  const terminal = makeTerminal(columns, rows);
  const monitor = makeFakeMonitor({ nowMs: () => NOW });
  const ended = runTerminal(monitor, {
    stdin: terminal.stdin as unknown as NodeJS.ReadStream,
    stdout: terminal.stdout as unknown as NodeJS.WriteStream,
    environment: { TERM: 'xterm-256color' },
    idleMarker: true,
    utc: true,
    nowMs: () => NOW,
    ...more,
  });
  return { terminal, ended };
}

describe('the terminal', () => {
  it('is walked through by keys alone, and given back', async () => {
    const { terminal, ended } = start();
    await terminal.settled('Wrong now');
    expect(terminal.emulator.buffer.active.type).toBe('alternate');
    await terminal.press('\r', '▲ FIRING');
    await terminal.press('l', 'logs order');
    await terminal.press('\u001b', '▲ FIRING');
    await terminal.press('\u001b', 'Wrong now');
    await terminal.press('5', 'Operation');
    expect(terminal.title()).toMatch(/^watchfire idle \d+ \d+$/);
    terminal.stdin.emit('data', 'q');
    expect(await ended).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(terminal.emulator.buffer.active.type).toBe('normal');
    expect(terminal.raw).toEqual([true, false]);
    expect(terminal.bytes.join('')).toContain('\u001b[?25h');
  });

  it('is given back on a signal, a lost connection and Ctrl-C, with the exit code for it', async () => {
    for (const [end, code] of [
      [() => process.emit('SIGTERM'), 143],
      [() => process.emit('SIGHUP'), 129],
    ] as const) {
      const { terminal, ended } = start();
      await terminal.settled('Wrong now');
      end();
      expect(await ended).toBe(code);
      expect(terminal.raw.at(-1)).toBe(false);
    }
    const lost = start();
    await lost.terminal.settled('Wrong now');
    lost.terminal.stdin.emit('end');
    expect(await lost.ended).toBe(129);
    const interrupted = start();
    await interrupted.terminal.settled('Wrong now');
    interrupted.terminal.stdin.emit('data', '\u0003');
    expect(await interrupted.ended).toBe(130);
  });

  it('follows a change of size, smaller and larger', async () => {
    const { terminal, ended } = start(120, 40);
    await terminal.settled('Wrong now');
    terminal.resize(70, 20);
    await terminal.settled('overview');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const lines = terminal.text().split('\n');
    expect(lines).toHaveLength(20);
    expect(lines[0]).toContain('watchfire');
    expect(lines[19]).toContain('help');
    terminal.resize(40, 10);
    await terminal.settled('watchfire needs 60×14');
    terminal.resize(120, 40);
    await terminal.settled('Wrong now');
    terminal.stdin.emit('data', 'q');
    await ended;
  });

  it('writes few bytes where little changes', async () => {
    // Too low for the selected alert below its list: that would be much that changes.
    const { terminal, ended } = start(120, 27);
    await terminal.settled('Wrong now');
    await terminal.press('3', 'Firing');
    const before = terminal.bytes.length;
    await terminal.press('j', 'Firing');
    const written = terminal.bytes.slice(before).join('').length;
    expect(written).toBeLessThan(1500);
    terminal.stdin.emit('data', 'q');
    terminal.stdin.emit('data', 'q');
    await new Promise((resolve) => setTimeout(resolve, 20));
    terminal.stdin.emit('data', '\u0003');
    await ended;
  });

  it('refuses a bad key table before it takes the screen', () => {
    expect(() => start(80, 24, { keys: { help: 'C-b' } })).toThrow('C-b cannot be used');
  });
});
