/** Runs a program without a shell, with a time limit; what it does and says becomes an outcome. */
import { spawn } from 'node:child_process';
import type { NotifyOutcome } from '../alerting/integration.ts';
import { DELIVERED, failed } from './channel.ts';

export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type RunProgram = (run: ProgramRun) => Promise<NotifyOutcome>;

/** How much of what the program says on standard error an error quotes. */
const QUOTED_CHARACTERS = 512;
/** Exit status 75 (sysexits.h EX_TEMPFAIL) asks to be tried again. */
const TEMPORARY_FAILURE = 75;

export const runProgram: RunProgram = (run) =>
  new Promise((resolve) => {
    const child = spawn(run.program, run.args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, ...run.environment },
    });
    let said = '';
    let stopped = '';
    const stop = (why: string): void => {
      stopped ||= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(`was stopped after ${run.timeoutMs / 1000} s`), run.timeoutMs);
    const onAbort = (): void => stop('was stopped: the time for the notification is over');
    run.signal.addEventListener('abort', onAbort);
    const finish = (outcome: NotifyOutcome): void => {
      clearTimeout(timer);
      run.signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < QUOTED_CHARACTERS) said += text;
    });
    // A program that does not read its input is not at fault.
    child.stdin.on('error', () => {});
    child.stdin.end(run.stdin ?? '');
    child.on('error', (error) => finish(failed(`${run.program} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      const words = said.slice(0, QUOTED_CHARACTERS).trim();
      const detail = words === '' ? '' : `: ${words}`;
      if (stopped !== '') finish(failed(`${run.program} ${stopped}${detail}`, true));
      else if (code === 0) finish(DELIVERED);
      else if (signal !== null) finish(failed(`${run.program} was ended by ${signal}${detail}`, true));
      else finish(failed(`${run.program} exited with status ${code}${detail}`, code === TEMPORARY_FAILURE));
    });
  });
