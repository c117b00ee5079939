/** The terminal is given back however the program ends, and log lines piped in leave the keys to the person. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS, TerminalProgram } from './terminal.ts';

const LEFT = '\u001b[?1049l';
const SHOWN = '\u001b[?25h';

describe('the terminal', { timeout: 4 * PATIENCE_MS }, () => {
  let directory: string;
  const programs: TerminalProgram[] = [];
  const start = (...[args, options]: ConstructorParameters<typeof TerminalProgram>): TerminalProgram => {
    const program = new TerminalProgram(args, { directory, columns: 80, rows: 24, ...options });
    programs.push(program);
    return program;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'watchfire-'));
    await writeFile(join(directory, 'crash.cjs'), "process.on('SIGUSR2', () => { throw new Error('a fault'); });\n");
  });

  afterAll(async () => {
    for (const program of programs) program.kill();
    await rm(directory, { recursive: true });
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('is given back on %s', async (signal, code) => {
    const screen = start(['127.0.0.1:1']);
    await screen.until('1 overview');
    process.kill(screen.pid, signal);
    expect(await screen.ended()).toBe(code);
    expect(screen.written.lastIndexOf(LEFT)).toBeGreaterThan(screen.written.lastIndexOf('\u001b[?1049h'));
    expect(screen.written.lastIndexOf(SHOWN)).toBeGreaterThan(screen.written.lastIndexOf('\u001b[?25l'));
  });

  it('is given back before an uncaught exception is printed', async () => {
    const screen = start(['127.0.0.1:1'], { nodeArguments: ['--require', join(directory, 'crash.cjs')] });
    await screen.until('1 overview');
    process.kill(screen.pid, 'SIGUSR2');
    expect(await screen.ended()).toBeGreaterThan(0);
    const left = screen.written.lastIndexOf(LEFT);
    expect(left).toBeGreaterThan(0);
    expect(screen.written.indexOf('Error: a fault')).toBeGreaterThan(left);
  });

  it('gives the keys while standard input gives log lines', async () => {
    const input = 'echo "ERROR the first line"; sleep 1; echo "INFO the second line"; sleep 60';
    const screen = start(['--log', '-'], { input });
    await screen.until('1 overview');
    await screen.press('4');
    await screen.until((text) => text.includes('the first line') && text.includes('the second line'));
    screen.type('q');
    await screen.until(() => screen.written.includes(LEFT));
  });

  it("is the shell's after Ctrl-Z, and ours again after fg", async () => {
    const screen = start(['127.0.0.1:1'], { shell: true });
    await screen.until('1 overview');
    screen.type('\u001a');
    await screen.until(() => screen.written.includes(LEFT) && /Stopped/.test(screen.written));
    screen.type('echo the shell has it\r');
    await screen.until('the shell has it');
    screen.type('fg\r');
    await screen.until('1 overview');
    screen.type('q');
    await screen.until(() => screen.written.split(LEFT).length > 2);
    screen.type('exit\r');
    await screen.ended();
  });

  it('is taken again after Ctrl-Z where there is no shell', async () => {
    const screen = start(['127.0.0.1:1']);
    await screen.until('1 overview');
    screen.type('\u001a');
    await screen.until(() => screen.written.split('\u001b[?1049h').length > 2);
    await screen.until('1 overview');
    await screen.press('q');
    expect(await screen.ended()).toBe(0);
  });

  it('is filled anew when its size changes', async () => {
    const screen = start(['127.0.0.1:1']);
    await screen.until('1 overview');
    for (const [columns, rows] of [
      [200, 50],
      [61, 15],
      [40, 10],
      [120, 40],
    ] as const) {
      screen.resize(columns, rows);
      const text = await screen.until(columns < 60 ? 'watchfire needs' : /\? help/);
      expect(text.split('\n')).toHaveLength(rows);
      // The header ends with the zone, one column from the edge.
      if (columns >= 60) await screen.until((now) => now.split('\n')[0]!.length === columns - 1);
    }
  });
});
