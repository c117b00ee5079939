/** The lines that come in while one looks. */
import type { LogQuery, LogRecord } from '../../../logs/record.ts';
import type { LogReader } from '../../../logs/source.ts';
import { messageOf } from '../../frame/poller.ts';

export class LiveTail {
  readonly #logs: Pick<LogReader, 'tail'>;
  readonly #receive: (batch: readonly LogRecord[]) => void;
  readonly #failed: () => void;
  #reading: AbortController | undefined;
  /** Why no lines come in; undefined while they do. */
  error: string | undefined;

  constructor(logs: Pick<LogReader, 'tail'>, receive: (batch: readonly LogRecord[]) => void, failed: () => void) {
    this.#logs = logs;
    this.#receive = receive;
    this.#failed = failed;
  }

  /** Reads on under this query, and no more under the one before. */
  start(query: LogQuery): void {
    this.stop();
    this.error = undefined;
    this.#reading = new AbortController();
    void this.#read(query, this.#reading.signal);
  }

  stop(): void {
    this.#reading?.abort();
    this.#reading = undefined;
  }

  async #read(query: LogQuery, signal: AbortSignal): Promise<void> {
    try {
      for await (const batch of this.#logs.tail(query, signal)) {
        if (signal.aborted) return;
        if (batch.length > 0) this.#receive(batch);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.error = messageOf(error);
      this.#failed();
    }
  }
}
