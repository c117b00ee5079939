/** A log source on a stream of bytes, such as standard input. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../config/clock.ts';
import { RecordStore, type RecordStoreOptions } from '../record-store.ts';
import type { LogReader } from '../source.ts';
import { SourceHealth } from '../source-health.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { RecordAssembler } from './record-assembler.ts';

export interface StreamLogSourceOptions extends RecordStoreOptions {
  readonly stream: Readable;
  readonly clock: Clock;
  /** `stdin` by default. */
  readonly name?: string | undefined;
}

const SETTLE_MS = 400;

/** Reads until the stream ends, which makes the source stale but keeps what it has. */
export function streamLogSource(options: StreamLogSourceOptions): LogReader {
  const { stream, clock } = options;
  const name = options.name ?? 'stdin';
  const store = new RecordStore(options);
  const health = new SourceHealth({ endpoint: name, clock });
  const lines = new LineSplitter();
  const records = new RecordAssembler(name, name);
  let settle = clock.after(0, () => {});

  const take = (completed: readonly Line[]): void => {
    const finished = completed
      .map((line) => records.push(line, clock.nowMs()))
      .filter((record) => record !== undefined);
    store.add(finished, true);
  };
  const flush = (): void => store.add(records.flush(), true);
  const onData = (chunk: Buffer | string): void => {
    take(lines.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    settle.cancel();
    settle = clock.after(SETTLE_MS, flush);
  };
  const onEnd = (): void => {
    settle.cancel();
    const last = lines.flush();
    if (last !== undefined) take([last]);
    flush();
    health.stale('the input has ended');
  };
  stream.on('data', onData);
  stream.once('end', onEnd);
  stream.once('error', (error) => health.failed(`${name}: ${error.message}`));

  return {
    state: () => health.state(),
    search: async (query) => store.search(query),
    tail: (query, signal) => store.follow(query, signal),
    services: async () => store.services(),
    async close() {
      settle.cancel();
      stream.off('data', onData);
      stream.off('end', onEnd);
      stream.pause();
    },
  };
}
