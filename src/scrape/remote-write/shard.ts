/** Some series of a queue: gathers their samples into requests and sends these one after the other, in order. */
import type { Clock, Timer } from '../../config/clock.ts';
import { messageLength, type WriteItem } from './write-request.ts';

export interface ShardDeps {
  readonly clock: Clock;
  readonly mostItems: number;
  readonly deadlineMs: number;
  /** Resolves when the items are dealt with, whatever became of them. */
  send(items: readonly WriteItem[]): Promise<void>;
}

export class Shard {
  readonly #deps: ShardDeps;
  #items: WriteItem[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #closing = false;

  constructor(deps: ShardDeps) {
    this.#deps = deps;
  }

  /** Items that wait. */
  get length(): number {
    return this.#items.length;
  }

  push(item: WriteItem): void {
    this.#items.push(item);
    if (this.#sending !== undefined) return;
    if (this.#items.length >= this.#deps.mostItems) this.#begin();
    else this.#timer ??= this.#deps.clock.after(this.#deps.deadlineMs, () => this.#begin());
  }

  /** The sending that goes on now. */
  get sending(): Promise<void> | undefined {
    return this.#sending;
  }

  /** Takes everything that waits, unsent. */
  takeAll(): WriteItem[] {
    return this.#items.splice(0);
  }

  /** Resolves when everything is dealt with. */
  async drain(): Promise<void> {
    this.#closing = true;
    if (this.#sending === undefined && this.#items.length > 0) this.#begin();
    await this.#sending;
  }

  #begin(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sending = this.#run().finally(() => {
      this.#sending = undefined;
      if (this.#items.length > 0) this.#timer ??= this.#deps.clock.after(this.#deps.deadlineMs, () => this.#begin());
    });
  }

  /** A remainder that does not fill a request waits for its deadline, except at the end. */
  async #run(): Promise<void> {
    do {
      const items = this.#items.splice(0, messageLength(this.#items, this.#deps.mostItems));
      if (items.length > 0) await this.#deps.send(items);
    } while (this.#items.length >= this.#deps.mostItems || (this.#closing && this.#items.length > 0));
  }
}
