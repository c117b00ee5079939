import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NotifyOutcome } from '../../src/alerting/integration.ts';
import type { IntegrationDeps } from '../../src/notify/integrations.ts';
import { type ProgramRun, runProgram } from '../../src/notify/run-program.ts';
import { escapeOf, notificationSequence } from '../../src/notify/terminal.ts';
import { alertOf, FIRING, integrationOf, notificationOf } from './deliver.ts';

async function tell(
  entry: Record<string, unknown>,
  deps: Partial<IntegrationDeps>,
  alerts = [FIRING],
): Promise<NotifyOutcome> {
  const { notifier } = await integrationOf(entry, deps);
  if (typeof notifier === 'string') throw new Error(notifier);
  return notifier.notify(notificationOf(alerts), new AbortController().signal);
}

describe('terminal', () => {
  const write = async (environment: Record<string, string>, entry: Record<string, unknown> = {}): Promise<string> => {
    let written = '';
    await tell({ terminal_configs: [entry] }, { environment, writeTerminal: (text) => (written += text) });
    return written;
  };

  it('chooses what the terminal understands', () => {
    expect(escapeOf({ TERM: 'xterm-kitty' })).toBe('osc99');
    expect(escapeOf({ TERM: 'foot' })).toBe('osc777');
    expect(escapeOf({ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' })).toBe('osc9');
    expect(escapeOf({ TERM: 'linux' })).toBe('bell');
  });

  it('writes a notification and rings', async () => {
    expect(await write({ TERM: 'xterm-256color' })).toBe(
      '\u001b]9;[FIRING:1] Down (a:1 critical): a is <down>\u001b\\\u0007',
    );
    expect(await write({ TERM: 'xterm-256color' }, { bell: false, protocol: 'osc777' })).toBe(
      '\u001b]777;notify;[FIRING:1] Down (a:1 critical);a is <down>\u001b\\',
    );
  });

  it('passes through tmux', async () => {
    const written = await write({ TERM: 'screen', TMUX: '/tmp/tmux' }, { bell: false, protocol: 'osc9' });
    expect(written).toBe(
      '\u001bPtmux;\u001b\u001b]9;[FIRING:1] Down (a:1 critical): a is <down>\u001b\u001b\\\u001b\\',
    );
  });

  it('lets no escape sequence of an alert out', () => {
    const sequence = notificationSequence('osc9', 'a\u001b]0;evil\u0007b\u009cc', 'x\u202ey\n\u0000z');
    expect(sequence).toBe('\u001b]9;a]0;evilbc: xy z\u001b\\');
  });

  it('says where there is no terminal', async () => {
    expect(await tell({ terminal_configs: [{}] }, {})).toEqual({
      ok: false,
      retry: false,
      error: 'there is no terminal to write to',
    });
  });
});

describe('desktop', () => {
  const runs = async (
    platform: NodeJS.Platform,
    outcome: (run: ProgramRun) => NotifyOutcome = () => ({ ok: true }),
  ): Promise<ProgramRun[]> => {
    const made: ProgramRun[] = [];
    const run = async (each: ProgramRun): Promise<NotifyOutcome> => {
      made.push(each);
      return outcome(each);
    };
    await tell({ desktop_configs: [{ timeout: '5s' }] }, { platform, run, environment: { DISPLAY: ':0' } });
    return made;
  };

  it('calls notify-send, and D-Bus itself where that is missing', async () => {
    const [first, second] = await runs('linux', ({ program }) =>
      program === 'notify-send' ? { ok: false, retry: false, error: 'spawn notify-send ENOENT' } : { ok: true },
    );
    expect([first!.program, ...first!.args]).toEqual([
      'notify-send',
      '--app-name=watchfire',
      '--urgency=critical',
      '--expire-time=5000',
      '--',
      '[FIRING:1] Down (a:1 critical)',
      'a is &lt;down&gt;',
    ]);
    expect(second!.program).toBe('gdbus');
    expect(second!.args).toContain('{"urgency": <byte 2>}');
  });

  it('is not tried without a session', async () => {
    const { notifier } = await integrationOf({ desktop_configs: [{}] }, { platform: 'linux', environment: {} });
    expect(notifier).toMatch(/:1: no desktop session here/);
  });

  it('calls osascript on macOS with the texts as arguments', async () => {
    const [run] = await runs('darwin');
    expect(run!.program).toBe('osascript');
    expect(run!.args.slice(-2)).toEqual(['[FIRING:1] Down (a:1 critical)', 'a is <down>']);
  });
});

describe('command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-command-'));
  const script = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  it('gives the payload on standard input', async () => {
    const out = join(folder, 'out');
    const program = script('keep', `cat > ${out}; echo "$1 $WATCHFIRE_STATUS $EXTRA" >> ${out}`);
    const entry = {
      command_configs: [{ command: [program, '{{ .GroupLabels.alertname }}'], env: { EXTRA: '{{ len .Alerts }}' } }],
    };
    expect(await tell(entry, { run: runProgram }, [FIRING, alertOf({ alertname: 'B' })])).toEqual({ ok: true });
    const [payload, line] = readFileSync(out, 'utf8').split('\n');
    expect(JSON.parse(payload!)).toMatchObject({ version: '4', truncatedAlerts: 0 });
    expect(line).toBe('Down firing 2');
  });

  it.each([
    ['exit 3', false, /exited with status 3: oh dear/],
    ['exit 75', true, /exited with status 75/],
    ['exec sleep 10', true, /was stopped after 0.2 s/],
  ])('%s', async (what, retry, error) => {
    const program = script(`fail${what.length}`, `echo oh dear >&2; ${what}`);
    const outcome = await runProgram({
      program,
      args: [],
      timeoutMs: what.startsWith('exec') ? 200 : 5_000,
      signal: new AbortController().signal,
    });
    expect(outcome).toMatchObject({ ok: false, retry, error: expect.stringMatching(error) });
  });

  it('says where there is no such program', async () => {
    const outcome = await tell({ command_configs: [{ command: ['/nowhere/program'] }] }, { run: runProgram });
    expect(outcome).toMatchObject({ ok: false, retry: false, error: expect.stringContaining('could not be started') });
  });
});
