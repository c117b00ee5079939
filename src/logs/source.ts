/** What every log source does, here or remote. */
import type { LogQuery, LogRecord } from './record.ts';
import type { SourceHealthState } from './source-health.ts';

export interface LogReader {
  state(): SourceHealthState;
  close(): Promise<void>;
  /** Newest last, at most `limit`. */
  search(query: LogQuery, signal?: AbortSignal): Promise<readonly LogRecord[]>;
  /** Records as they come, in batches, until the signal; starts with nothing from the past. */
  tail(query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  services(signal?: AbortSignal): Promise<readonly string[]>;
}
