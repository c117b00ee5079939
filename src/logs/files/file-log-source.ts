/** A log source on files: reads the ends of those that are there and follows them, and those that come. */
import type { Clock, Timer } from '../../config/clock.ts';
import { RecordStore, type RecordStoreOptions, type RecordStoreStatus } from '../record-store.ts';
import type { LogReader } from '../source.ts';
import { SourceHealth } from '../source-health.ts';
import { findFiles } from './glob.ts';
import { LogFiles } from './log-files.ts';

export interface FileLogSourceOptions extends RecordStoreOptions {
  /** Paths and glob patterns. */
  readonly files: readonly string[];
  readonly clock: Clock;
  /** What relative paths are relative to; the working directory by default. */
  readonly directory?: string | undefined;
  /** Of each file at the start; 20,000 lines and 8 MiB by default. */
  readonly tailLines?: number | undefined;
  readonly tailBytes?: number | undefined;
  /** 300 ms by default. */
  readonly pollMs?: number | undefined;
}

export interface FileLogSource extends LogReader {
  status(): RecordStoreStatus & { readonly files: number };
}

const FIND_EVERY_MS = 3000;
/** Of what a search reads of the past; the next goes on from there. */
const MOST_BACK_BYTES = 64 * 1024 * 1024;

/** Starts reading at once; `search` waits for the first reading. */
export function fileLogSource(options: FileLogSourceOptions): FileLogSource {
  const { clock } = options;
  const store = new RecordStore(options);
  const health = new SourceHealth({ endpoint: options.files.join(', '), clock });
  const files = new LogFiles();
  const tail = { lines: options.tailLines ?? 20_000, bytes: options.tailBytes ?? 8 * 1024 * 1024 };
  let paths: readonly string[] = [];
  let foundMs = Number.NEGATIVE_INFINITY;
  let first = true;
  let timer: Timer | undefined;
  let closed = false;
  let busy: Promise<void> = Promise.resolve();

  const poll = async (): Promise<void> => {
    if (clock.nowMs() - foundMs >= FIND_EVERY_MS) {
      foundMs = clock.nowMs();
      paths = await findFiles(options.files, options.directory ?? process.cwd());
    }
    const { records, found, faults } = await files.poll(paths, clock.nowMs(), first ? tail : undefined);
    store.add(records, !first);
    first = false;
    if (faults.length > 0) health.failed(faults.join('; '));
    else if (found === 0) health.failed(`no file is there (yet): ${options.files.join(', ')}`);
    else health.succeeded(0);
  };

  const loop = async (): Promise<void> => {
    if (closed) return;
    busy = busy.then(poll).catch((error: Error) => health.failed(error.message));
    await busy;
    if (!closed) timer = clock.after(options.pollMs ?? 300, () => void loop());
  };
  const ready = loop();

  /** One after the other, and never while a poll is reading the same files. */
  const readBack = (untilMs: number): Promise<void> => {
    busy = busy.then(async () => store.add(await files.readBack(untilMs, clock.nowMs(), MOST_BACK_BYTES), false));
    return busy;
  };

  return {
    state: () => health.state(),
    status: () => ({ ...store.status(), files: paths.length }),
    async search(query) {
      await ready;
      if (query.startMs !== undefined) await readBack(query.startMs);
      return store.search(query);
    },
    tail: (query, signal) => store.follow(query, signal),
    async services() {
      await ready;
      return store.services();
    },
    async close() {
      closed = true;
      timer?.cancel();
      await ready;
      await files.close(clock.nowMs());
    },
  };
}
