/** The state folder: made where it is missing, held by one process at a time, and the journals in it. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock, Timer } from '../config/clock.ts';
import { Journal, type JournalOptions } from './journal.ts';
import type { StateFileSystem } from './state-files.ts';

export type Report = (severity: 'info' | 'warning' | 'error', text: string) => void;

export interface StateDirectoryOptions {
  /** Undefined: nothing is kept over a restart. */
  readonly path: string | undefined;
  readonly fileSystem: StateFileSystem;
  readonly clock: Clock;
  readonly report: Report;
}

type OpenedJournal = { readonly journal: Journal | undefined; readonly entries: ReadonlyMap<string, unknown> };

const LOCK_FILE = 'alerting.lock';
/** The holder renews its lock this often, so that a holder on another machine is known to live. */
const RENEW_MS = 10_000;
const STALE_AFTER_MS = 60_000;

export class StateDirectory {
  readonly #options: StateDirectoryOptions;
  readonly #usable: boolean;
  readonly #journals: Journal[] = [];
  #renewal: Timer | undefined;

  /** Never throws: a folder that cannot be used is reported, and then nothing is kept. */
  constructor(options: StateDirectoryOptions) {
    this.#options = options;
    this.#usable = options.path !== undefined && this.#take(options.path);
  }

  open(file: string, title: string, snapshot: JournalOptions['snapshot']): OpenedJournal {
    if (!this.#usable) return { journal: undefined, entries: new Map() };
    const { fileSystem, clock, report, path } = this.#options;
    const opened = Journal.open({ path: join(path!, file), title, fileSystem, clock, report, snapshot });
    this.#journals.push(opened.journal);
    return opened;
  }

  async close(): Promise<void> {
    this.#renewal?.cancel();
    for (const journal of this.#journals) await journal.close();
    if (this.#usable) this.#options.fileSystem.remove(join(this.#options.path!, LOCK_FILE));
  }

  #take(path: string): boolean {
    const { fileSystem, report } = this.#options;
    const lock = join(path, LOCK_FILE);
    const own = JSON.stringify({ pid: process.pid, started: processStart(fileSystem, process.pid), host: hostname() });
    try {
      fileSystem.makeDirectory(path);
      for (let attempt = 0; attempt < 2; attempt++) {
        if (fileSystem.createExclusive(lock, own)) {
          this.#renew(lock, own);
          return true;
        }
        const holder = livingHolder(fileSystem, lock);
        if (holder !== undefined) {
          report(
            'error',
            `${path}: the state folder is in use by ${holder}; notification goes on, but silences and what has been notified are not kept: give this one a folder of its own with --state DIR`,
          );
          return false;
        }
        fileSystem.remove(lock);
      }
      return false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      report(
        'error',
        `${path}: the state folder cannot be used (${reason}); notification goes on, but a restart forgets silences and what has been notified`,
      );
      return false;
    }
  }

  #renew(lock: string, own: string): void {
    this.#renewal = this.#options.clock.after(RENEW_MS, () => {
      try {
        this.#options.fileSystem.replace(lock, new TextEncoder().encode(own));
      } catch {
        // A disk that is full now does not take the lock from us; the journals report it.
      }
      this.#renew(lock, own);
    });
  }
}

/** Who holds the lock, in words; undefined where that process is gone. */
function livingHolder(fileSystem: StateFileSystem, lock: string): string | undefined {
  const bytes = fileSystem.read(lock);
  if (bytes === undefined) return undefined;
  let holder: { readonly pid?: unknown; readonly started?: unknown; readonly host?: unknown };
  try {
    holder = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Torn when its writer was killed.
    return undefined;
  }
  if (typeof holder.pid !== 'number') return undefined;
  if (holder.host !== hostname()) {
    const age = fileSystem.ageMs(lock);
    return age !== undefined && age < STALE_AFTER_MS ? `process ${holder.pid} on ${String(holder.host)}` : undefined;
  }
  if (!isAlive(holder.pid)) return undefined;
  // The number may have been given to another process since.
  if (holder.started !== processStart(fileSystem, holder.pid)) return undefined;
  return `process ${holder.pid}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process started, as Linux counts it; the empty string elsewhere. */
function processStart(fileSystem: StateFileSystem, pid: number): string {
  try {
    const bytes = fileSystem.read(`/proc/${pid}/stat`);
    if (bytes === undefined) return '';
    const text = new TextDecoder().decode(bytes);
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
