/** The terminal while it is ours: alternate screen, raw keys, no cursor; given back on every way out of the process. */
import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';

export interface HeldTerminal {
  onInput(listener: (chunk: string) => void): void;
  mouse(on: boolean): void;
  /** Ctrl-Z: hands the terminal to the shell until the process is continued. */
  suspend(): void;
  release(): void;
}

export interface HeldEvents {
  /** By a signal, a closed input or a lost connection, with the exit code for it. */
  ended(code: number): void;
  /** The screen's content is unknown: after a suspension, or a change of size. */
  resumed(): void;
}

// Alternate screen, cursor hidden, pasted text marked as such, no automatic wrap (a row too wide must not push others down).
const TAKE = '\u001b[?1049h\u001b[?25l\u001b[?2004h\u001b[?7l\u001b[2J\u001b[H';
const GIVE_BACK = '\u001b[0m\u001b[?2026l\u001b[?1000l\u001b[?1006l\u001b[?7h\u001b[?2004l\u001b[?25h\u001b[?1049l';
const MOUSE_ON = '\u001b[?1000h\u001b[?1006h';
const MOUSE_OFF = '\u001b[?1000l\u001b[?1006l';
/** Within this a process that can be stopped has been. */
const STOP_MS = 100;
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export function holdTerminal(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream, events: HeldEvents): HeldTerminal {
  let ours = false;
  let mouse = false;
  let released = false;
  const listeners: ((chunk: string) => void)[] = [];
  const stderr = holdBackStderr();
  const take = (): void => {
    ours = true;
    if (stdin.isTTY) stdin.setRawMode(true);
    stdout.write(TAKE + (mouse ? MOUSE_ON : ''));
  };
  const giveBack = (): void => {
    if (!ours) return;
    ours = false;
    try {
      stdout.write(GIVE_BACK);
      if (stdin.isTTY) stdin.setRawMode(false);
    } catch {
      // The terminal is gone; nothing is left to give back.
    }
  };
  const onData = (chunk: string): void => {
    for (const listener of listeners) listener(chunk);
  };
  const onEnd = (): void => events.ended(SIGNALS.SIGHUP);
  const onCrash = (): void => {
    giveBack();
    stderr.release();
  };
  const onContinue = (): void => {
    if (released) return;
    if (!ours) take();
    events.resumed();
  };
  const onResize = (): void => events.resumed();
  // The listeners stay until the signal was handed to all: ink's own, finding itself alone, would kill the process at once.
  const onSignalOf = (code: number) => (): void => {
    giveBack();
    setImmediate(() => events.ended(code));
  };
  const onSignal = new Map(Object.entries(SIGNALS).map(([signal, code]) => [signal, onSignalOf(code)]));

  stdin.setEncoding('utf8');
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.on('error', onEnd);
  stdout.on('error', onEnd);
  stdout.on('resize', onResize);
  for (const [signal, listener] of onSignal) process.on(signal, listener);
  process.on('SIGCONT', onContinue);
  // Runs before Node prints the error and ends the process, so that the message is readable on the terminal given back.
  process.on('uncaughtExceptionMonitor', onCrash);
  process.on('exit', onCrash);
  take();

  return {
    onInput: (listener) => void listeners.push(listener),
    mouse(on) {
      mouse = on;
      stdout.write(on ? MOUSE_ON : MOUSE_OFF);
    },
    suspend() {
      giveBack();
      // The whole process group, so that the shell sees its job stop.
      process.kill(0, 'SIGTSTP');
      // Where there is no shell to come back to (ssh -t HOST watchfire), nothing stops: the screen is taken again.
      setTimeout(onContinue, STOP_MS);
    },
    release() {
      released = true;
      giveBack();
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.off('error', onEnd);
      stdin.pause();
      // The terminal opened beside standard input would keep the process alive.
      if (stdin !== process.stdin) stdin.unref();
      stdout.off('resize', onResize);
      for (const [signal, listener] of onSignal) process.off(signal, listener);
      process.off('SIGCONT', onContinue);
      process.off('uncaughtExceptionMonitor', onCrash);
      process.off('exit', onCrash);
      stderr.release();
    },
  };
}

/** Where keys come from: standard input, or the terminal itself where standard input is a pipe (of log lines, say). */
export function keyboard(): NodeJS.ReadStream {
  if (process.stdin.isTTY) return process.stdin;
  try {
    return new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    // No terminal to ask: keys cannot come, and the end of standard input ends the screen.
    return process.stdin;
  }
}

const KEPT_CHARACTERS = 64 * 1024;

/** Warnings printed while the screen is up would garble it: they are kept, and printed after it. */
function holdBackStderr(): { release(): void } {
  const write = process.stderr.write;
  let kept = '';
  process.stderr.write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    kept = (kept + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))).slice(-KEPT_CHARACTERS);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  }) as typeof process.stderr.write;
  return {
    release() {
      process.stderr.write = write;
      if (kept !== '') process.stderr.write(kept);
      kept = '';
    },
  };
}
