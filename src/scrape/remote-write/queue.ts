/** One `remote_write` entry: relabels, spreads over shards, retries, and keeps on disk what memory does not hold. */
import type { Clock, Timer } from '../../config/clock.ts';
import type { RemoteWriteConfig } from '../../config/prometheus-config.ts';
import type { Metadata } from '../../exposition/exemplar.ts';
import type { HttpClient } from '../../http/client.ts';
import { hostIn } from '../../http/fault.ts';
import { Labels } from '../../labels/labels.ts';
import { relabel } from '../../labels/relabel.ts';
import { type SenderDeps, sendUntilDone } from './sender.ts';
import { Shard } from './shard.ts';
import { snappyCompress } from './snappy.ts';
import type { Spool, SpooledRequest } from './spool.ts';
import { encodeMetadata, encodeSamples, isExemplar, isHistogram, type WriteItem } from './write-request.ts';

export interface QueueDeps {
  readonly clock: Clock;
  readonly client: HttpClient;
  readonly externalLabels: Labels;
  /** Undefined: nothing is kept on disk, and what does not fit into memory is dropped. */
  readonly spool: Spool | undefined;
  /** By metric family. */
  readonly metadata: ReadonlyMap<string, Metadata>;
  report(severity: 'info' | 'warning' | 'error', text: string): void;
}

/** What a person wants to know of an entry. */
export interface RemoteWriteState {
  readonly name: string;
  readonly endpoint: string;
  readonly shards: number;
  /** Samples in memory, and bytes on disk. */
  readonly pendingSamples: number;
  readonly spooledBytes: number;
  readonly sentSamples: number;
  readonly refusedSamples: number;
  readonly droppedSamples: number;
  /** Why the last try failed; empty where it did not. */
  readonly error: string;
  /** Of the newest sample that the receiver has; 0: none. */
  readonly sentUntilMs: number;
}

const RESHARD_INTERVAL_MS = 10_000;
const CLOSE_GRACE_MS = 5000;

export class RemoteWriteQueue {
  readonly #config: RemoteWriteConfig;
  readonly #deps: QueueDeps;
  readonly #stopping = new AbortController();
  readonly #relabelled = new WeakMap<Labels, Labels | null>();
  #shards: Shard[];
  /** Shards of before the last change of their number: they go first. */
  #older: Promise<unknown> = Promise.resolve();
  /** Everything goes by way of the disk until what is there has been sent. */
  #spooling = false;
  #spooler: Shard;
  readonly #left: SpooledRequest[] = [];
  #reshardTimer: Timer | undefined;
  #metadataTimer: Timer | undefined;
  #sent = 0;
  #refused = 0;
  #dropped = 0;
  #error = '';
  #sentUntilMs = 0;

  constructor(config: RemoteWriteConfig, deps: QueueDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#shards = this.#makeShards(Math.max(1, config.queue.minShards));
    this.#spooler = this.#makeShard((items) => this.#keep(items));
    if (deps.spool !== undefined && !deps.spool.isEmpty) this.#startSpooling();
    this.#reshardLater();
    if (config.metadata.send && config.protobufMessage === 'prometheus.WriteRequest') this.#sendMetadataLater();
  }

  /** The items of one committed batch; all of a series' in order. */
  push(items: readonly WriteItem[]): void {
    const { queue } = this.#config;
    const room = queue.capacity * this.#shards.length;
    for (const item of items) {
      const ready = this.#prepare(item);
      if (ready === undefined) continue;
      if (!this.#spooling && this.#pending() >= room) this.#overflow();
      if (this.#spooling) this.#spooler.push(ready);
      else if (this.#pending() < room) this.#shards[slotOf(ready.labels, this.#shards.length)]!.push(ready);
      else this.#dropped++;
    }
  }

  state(): RemoteWriteState {
    return {
      name: this.#config.name ?? hostIn(this.#config.url),
      endpoint: hostIn(this.#config.url),
      shards: this.#shards.length,
      pendingSamples: this.#pending() + this.#spooler.length,
      spooledBytes: this.#deps.spool?.bytes ?? 0,
      sentSamples: this.#sent,
      refusedSamples: this.#refused,
      droppedSamples: this.#dropped + (this.#deps.spool?.droppedSamples ?? 0),
      error: this.#error,
      sentUntilMs: this.#sentUntilMs,
    };
  }

  /** Sends what waits, for a few seconds at most; what is left then is kept on disk where there is a spool. */
  async close(): Promise<void> {
    this.#reshardTimer?.cancel();
    this.#metadataTimer?.cancel();
    const grace = this.#deps.clock.after(CLOSE_GRACE_MS, () => this.#stopping.abort());
    await this.#spooler.drain();
    if (this.#spooling) this.#stopping.abort();
    await Promise.all([this.#older, ...this.#shards.map((shard) => shard.drain())]);
    grace.cancel();
    this.#stopping.abort();
    this.#deps.client.close();
    // Older than anything on disk.
    await this.#toDisk(this.#left, (spool) => spool.prepend(this.#left));
  }

  #pending(): number {
    let pending = 0;
    for (const shard of this.#shards) pending += shard.length;
    return pending;
  }

  #prepare(item: WriteItem): WriteItem | undefined {
    const { sendExemplars, sendNativeHistograms } = this.#config;
    if (isExemplar(item.value) && !sendExemplars) return undefined;
    if (isHistogram(item.value) && !sendNativeHistograms) return undefined;
    let labels = this.#relabelled.get(item.labels);
    if (labels === undefined) {
      const { externalLabels } = this.#deps;
      const missing = externalLabels.filter((name) => !item.labels.has(name));
      const all = missing.size === 0 ? item.labels : Labels.fromPairs([...item.labels, ...missing]);
      labels = relabel(all, this.#config.writeRelabelConfigs) ?? null;
      this.#relabelled.set(item.labels, labels);
    }
    return labels === null || labels.size === 0 ? undefined : { ...item, labels };
  }

  #makeShard(send: (items: readonly WriteItem[]) => Promise<void>): Shard {
    const { maxSamplesPerSend, batchSendDeadlineMs } = this.#config.queue;
    return new Shard({ clock: this.#deps.clock, mostItems: maxSamplesPerSend, deadlineMs: batchSendDeadlineMs, send });
  }

  #makeShards(count: number): Shard[] {
    const { signal } = this.#stopping;
    const older = this.#older;
    return Array.from({ length: count }, () =>
      this.#makeShard(async (items) => {
        await older;
        if (signal.aborted) this.#leave(items);
        else await this.#send(items);
      }),
    );
  }

  async #send(items: readonly WriteItem[]): Promise<void> {
    const fresh = this.#withoutOld(items);
    if (fresh.length === 0) return;
    const body = this.#encode(fresh);
    const outcome = await this.#sendBody(body, fresh.length);
    if (outcome === 'stopped') this.#left.push({ body, samples: fresh.length });
    else if (outcome === 'sent') this.#sentUntilMs = Math.max(this.#sentUntilMs, fresh.at(-1)!.timestampMs);
  }

  async #sendBody(body: Uint8Array, samples: number): Promise<'sent' | 'refused' | 'stopped'> {
    const outcome = await sendUntilDone(this.#config, body, this.#senderDeps());
    if (outcome.kind === 'sent') this.#sent += samples;
    if (outcome.kind === 'refused') {
      this.#refused += samples;
      this.#trouble(outcome.reason, `${samples} samples are refused for good`);
    }
    return outcome.kind;
  }

  #senderDeps(): SenderDeps {
    return {
      client: this.#deps.client,
      clock: this.#deps.clock,
      signal: this.#stopping.signal,
      onTrouble: (reason) => this.#trouble(reason, 'samples wait and are sent again'),
    };
  }

  #trouble(reason: string, meaning: string): void {
    const before = this.#error;
    this.#error = reason;
    const name = this.state().name;
    if (reason === '' && before !== '') this.#deps.report('info', `remote_write ${name}: works again`);
    else if (reason !== '' && before === '') this.#deps.report('error', `remote_write ${name}: ${reason}: ${meaning}`);
  }

  #withoutOld(items: readonly WriteItem[]): readonly WriteItem[] {
    const { sampleAgeLimitMs } = this.#config.queue;
    if (sampleAgeLimitMs === 0) return items;
    const oldest = this.#deps.clock.nowMs() - sampleAgeLimitMs;
    const fresh = items.filter((item) => item.timestampMs >= oldest);
    this.#dropped += items.length - fresh.length;
    return fresh;
  }

  #encode(items: readonly WriteItem[]): Uint8Array {
    const { metadata } = this.#deps;
    return snappyCompress(
      encodeSamples(this.#config.protobufMessage, items, ({ metricName }) => {
        return (
          metadata.get(metricName) ?? metadata.get(metricName.replace(/_(total|bucket|count|sum|info|created)$/, ''))
        );
      }),
    );
  }

  /** Memory is full: from here on samples go by way of the disk. */
  #overflow(): void {
    if (this.#deps.spool === undefined) return;
    this.#startSpooling();
    this.#deps.report(
      'warning',
      `remote_write ${this.state().name}: the receiver does not keep up; samples wait on disk`,
    );
  }

  #startSpooling(): void {
    this.#spooling = true;
    void this.#unspool();
  }

  async #keep(items: readonly WriteItem[]): Promise<void> {
    const fresh = this.#withoutOld(items);
    if (fresh.length === 0) return;
    const request = { body: this.#encode(fresh), samples: fresh.length };
    await this.#toDisk([request], (spool) => spool.append(request));
  }

  /** What memory still held when the queue was stopped, in order. */
  #leave(items: readonly WriteItem[]): void {
    const fresh = this.#withoutOld(items);
    if (fresh.length > 0) this.#left.push({ body: this.#encode(fresh), samples: fresh.length });
  }

  async #toDisk(requests: readonly SpooledRequest[], write: (spool: Spool) => Promise<void>): Promise<void> {
    if (requests.length === 0) return;
    const samples = requests.reduce((sum, request) => sum + request.samples, 0);
    try {
      if (this.#deps.spool === undefined) this.#dropped += samples;
      else await write(this.#deps.spool);
    } catch (error) {
      this.#dropped += samples;
      const text = (error as Error).message;
      this.#deps.report('error', `remote_write ${this.state().name}: samples cannot be kept on disk: ${text}`);
    }
  }

  /** Sends what is on disk, oldest first, after all that was in memory before it; then goes back to memory. */
  async #unspool(): Promise<void> {
    const spool = this.#deps.spool!;
    await this.#older;
    await Promise.all(this.#shards.map((shard) => shard.drain()));
    this.#shards = this.#makeShards(this.#shards.length);
    while (!this.#stopping.signal.aborted) {
      const request = await spool.peek();
      if (request === undefined && this.#spooler.sending !== undefined) {
        await this.#spooler.sending;
        continue;
      }
      if (request === undefined) {
        // What is still being gathered for the disk comes before anything newer.
        const rest = this.#spooler.takeAll();
        this.#spooling = false;
        for (const item of rest) this.#shards[slotOf(item.labels, this.#shards.length)]!.push(item);
        return;
      }
      if ((await this.#sendBody(request.body, request.samples)) === 'stopped') return;
      await spool.shift();
    }
  }

  /** More shards while more waits than the next requests will carry, by at most twice; one less at a time while nothing does. */
  #reshardLater(): void {
    const before = this.#sent;
    this.#reshardTimer = this.#deps.clock.after(RESHARD_INTERVAL_MS, () => {
      const { minShards, maxShards, maxSamplesPerSend } = this.#config.queue;
      const now = this.#shards.length;
      const sent = this.#sent - before;
      const backlog = Math.max(0, this.#pending() - maxSamplesPerSend * now);
      const wanted = backlog === 0 ? now - 1 : Math.ceil(now * Math.min(2, 1 + backlog / Math.max(1, sent)));
      const count = Math.min(maxShards, Math.max(1, minShards, wanted));
      if (this.#error === '' && !this.#spooling && count !== now) {
        const old = this.#shards;
        this.#older = Promise.all([this.#older, ...old.map((shard) => shard.drain())]);
        this.#shards = this.#makeShards(count);
      }
      this.#reshardLater();
    });
  }

  #sendMetadataLater(): void {
    const { sendIntervalMs, maxSamplesPerSend } = this.#config.metadata;
    this.#metadataTimer = this.#deps.clock.after(sendIntervalMs, () => {
      const families = [...this.#deps.metadata];
      void (async () => {
        for (let at = 0; at < families.length; at += maxSamplesPerSend) {
          const body = snappyCompress(encodeMetadata(families.slice(at, at + maxSamplesPerSend)));
          await sendUntilDone(this.#config, body, this.#senderDeps());
        }
        if (!this.#stopping.signal.aborted) this.#sendMetadataLater();
      })();
    });
  }
}

/** A series goes to the same shard always, which keeps its samples in order. */
const slots = new WeakMap<Labels, number>();
let lastSlot = 0;

function slotOf(labels: Labels, shards: number): number {
  let slot = slots.get(labels);
  if (slot === undefined) {
    slot = lastSlot++;
    slots.set(labels, slot);
  }
  return slot % shards;
}
