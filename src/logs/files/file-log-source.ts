/** A log source on files: reads the ends of those that are there and follows them, and those that come. */
import type { Clock, Timer } from '../../config/clock.ts';
import { RecordStore, type RecordStoreOptions, type RecordStoreStatus } from '../record-store.ts';
import type { LogReader } from '../source.ts';
import { SourceHealth } from '../source-health.ts';
import { FollowedFile } from './followed-file.ts';
import { findFiles } from './glob.ts';

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

/** Starts reading at once; `search` waits for the first reading. */
export function fileLogSource(options: FileLogSourceOptions): FileLogSource {
  const { clock } = options;
  const store = new RecordStore(options);
  const health = new SourceHealth({ endpoint: options.files.join(', '), clock });
  const files = new Map<string, FollowedFile>();
  const positions = new Map<string, number>();
  const tail = { lines: options.tailLines ?? 20_000, bytes: options.tailBytes ?? 8 * 1024 * 1024 };
  let timer: Timer | undefined;
  let closed = false;
  let foundMs = Number.NEGATIVE_INFINITY;
  let first = true;

  const find = async (): Promise<void> => {
    if (clock.nowMs() - foundMs < FIND_EVERY_MS) return;
    foundMs = clock.nowMs();
    const paths = await findFiles(options.files, options.directory ?? process.cwd());
    for (const path of paths) {
      if (!files.has(path)) files.set(path, new FollowedFile({ path, tail: first ? tail : undefined, positions }));
    }
  };

  const poll = async (): Promise<void> => {
    await find();
    const faults: string[] = [];
    const reading = new Set<string>();
    for (const [path, file] of files) {
      try {
        const records = await file.poll(clock.nowMs(), first);
        // Two names, of which one may be a link, for one file.
        const again = file.identity !== '' && reading.has(file.identity);
        if (!again) store.add(records, !first);
        if (file.identity !== '') reading.add(file.identity);
      } catch (error) {
        faults.push(`${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
      }
    }
    if (faults.length > 0) health.failed(faults.join('; '));
    else if (reading.size === 0) health.failed(`no file is there (yet): ${options.files.join(', ')}`);
    else health.succeeded(0);
    first = false;
  };

  const loop = async (): Promise<void> => {
    if (closed) return;
    await poll();
    if (!closed) timer = clock.after(options.pollMs ?? 300, () => void loop());
  };
  const ready = loop();

  return {
    state: () => health.state(),
    status: () => ({ ...store.status(), files: files.size }),
    async search(query) {
      await ready;
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
      await Promise.all([...files.values()].map((file) => file.close(clock.nowMs())));
    },
  };
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'may not be read by this user';
  if (error.code === 'EISDIR') return 'is a directory';
  return error.message;
}
