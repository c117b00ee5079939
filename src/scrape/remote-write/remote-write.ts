/** `remote_write`: lets everything that is stored go to other servers as well. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../config/clock.ts';
import type { HttpClientConfig } from '../../config/http-config.ts';
import type { RemoteWriteConfig } from '../../config/prometheus-config.ts';
import type { Metadata } from '../../exposition/exemplar.ts';
import { createHttpClient } from '../../http/axios.ts';
import type { HttpClient } from '../../http/client.ts';
import type { Labels } from '../../labels/labels.ts';
import type { Appendable } from '../../storage/appender.ts';
import { configKey } from '../config-key.ts';
import { RemoteWriteQueue, type RemoteWriteState } from './queue.ts';
import { Spool } from './spool.ts';
import { TeeAppendable } from './tee.ts';

export interface RemoteWriteDeps {
  readonly clock: Clock;
  report(severity: 'info' | 'warning' | 'error', text: string): void;
  readonly userAgent?: string | undefined;
  /** Where samples wait while a receiver is away; undefined: nowhere. */
  readonly directory?: string | undefined;
  /** Bytes on disk for each entry, at most. Default 512 MiB. */
  readonly mostSpoolBytes?: number | undefined;
  createHttpClient?(config: HttpClientConfig): HttpClient;
}

const MOST_SPOOL_BYTES = 512 << 20;

export class RemoteWrite {
  readonly #deps: RemoteWriteDeps;
  readonly #queues = new Map<string, RemoteWriteQueue>();
  readonly #metadata = new Map<string, Metadata>();

  constructor(deps: RemoteWriteDeps) {
    this.#deps = deps;
  }

  /** What to append to, so that it reaches the storage and every entry. */
  tee(storage: Appendable): Appendable {
    return new TeeAppendable(storage, this.#deps.clock, {
      isNeeded: () => this.#queues.size > 0,
      push: (items) => {
        for (const queue of this.#queues.values()) queue.push(items);
      },
      metadata: (family, metadata) => this.#metadata.set(family, metadata),
    });
  }

  /** Starts, or takes up a changed configuration; entries that are as before go on. */
  async apply(config: {
    readonly remoteWrites: readonly RemoteWriteConfig[];
    readonly externalLabels: Labels;
  }): Promise<void> {
    const wanted = new Map(
      config.remoteWrites.map((each) => [configKey({ ...each, externalLabels: config.externalLabels }), each]),
    );
    const gone = [...this.#queues].filter(([key]) => !wanted.has(key));
    for (const [key] of gone) this.#queues.delete(key);
    await Promise.all(gone.map(([, queue]) => queue.close()));
    for (const [key, each] of wanted) {
      if (this.#queues.has(key)) continue;
      this.#queues.set(
        key,
        new RemoteWriteQueue(each, {
          clock: this.#deps.clock,
          client: this.#clientFor(each.http),
          externalLabels: config.externalLabels,
          spool: await this.#spoolFor(each),
          metadata: this.#metadata,
          report: this.#deps.report.bind(this.#deps),
        }),
      );
    }
  }

  states(): RemoteWriteState[] {
    return [...this.#queues.values()].map((queue) => queue.state());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#queues.clear();
  }

  #clientFor(config: HttpClientConfig): HttpClient {
    return (
      this.#deps.createHttpClient?.(config) ??
      createHttpClient(config, { userAgent: this.#deps.userAgent ?? 'watchfire' })
    );
  }

  /** The folder is named after the receiver and its protocol, so that what waits survives other changes of the entry. */
  async #spoolFor(config: RemoteWriteConfig): Promise<Spool | undefined> {
    const { directory, mostSpoolBytes } = this.#deps;
    if (directory === undefined) return undefined;
    const identity = `${config.name ?? ''}\n${config.url}\n${config.protobufMessage}`;
    const folder = join(directory, createHash('sha256').update(identity).digest('hex').slice(0, 16));
    try {
      return await Spool.open(folder, mostSpoolBytes ?? MOST_SPOOL_BYTES);
    } catch (error) {
      this.#deps.report('error', `remote_write: samples cannot be kept in ${folder}: ${(error as Error).message}`);
      return undefined;
    }
  }
}
