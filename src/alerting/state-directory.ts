/** The folder that alerting keeps its state in, and the journals in it. Whoever hands the folder out keeps other processes away from it. */
import { join } from 'node:path';
import type { Clock } from '../config/clock.ts';
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

export class StateDirectory {
  readonly #options: StateDirectoryOptions;
  readonly #usable: boolean;
  readonly #journals: Journal[] = [];

  /** Never throws: a folder that cannot be used is reported, and then nothing is kept. */
  constructor(options: StateDirectoryOptions) {
    this.#options = options;
    this.#usable = options.path !== undefined && this.#make(options.path);
  }

  open(
    file: string,
    title: string,
    snapshot: JournalOptions['snapshot'],
  ): { readonly journal: Journal | undefined; readonly entries: ReadonlyMap<string, unknown> } {
    if (!this.#usable) return { journal: undefined, entries: new Map() };
    const { fileSystem, clock, report, path } = this.#options;
    const opened = Journal.open({ path: join(path!, file), title, fileSystem, clock, report, snapshot });
    this.#journals.push(opened.journal);
    return opened;
  }

  async close(): Promise<void> {
    for (const journal of this.#journals) await journal.close();
  }

  #make(path: string): boolean {
    try {
      this.#options.fileSystem.makeDirectory(path);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.report(
        'error',
        `${path}: the state folder cannot be used (${reason}); notification goes on, but a restart forgets silences and what has been notified`,
      );
      return false;
    }
  }
}
