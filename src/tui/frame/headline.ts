/** What the header knows: how many alerts fire and pend, and how the four sources are. */
import type { Monitor, SourceState } from '../../monitor/sources.ts';

export interface AlertCounts {
  readonly firing: number;
  readonly pending: number;
  /** Silenced, inhibited or muted: they fire, and nobody is told. */
  readonly suppressed: number;
}

const EVERY_MS = 2000;

export class Headline {
  counts: AlertCounts | undefined;
  /** The oldest sample held; undefined where not known. */
  oldestMs: number | undefined;
  busy = false;
  #monitor: Monitor;
  readonly #count: (monitor: Monitor) => Promise<AlertCounts>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #changed: () => void;
  #wantsOldest: () => boolean;

  /** `wantsOldest`: asked before the oldest sample is, which costs the source something. */
  constructor(
    monitor: Monitor,
    count: (monitor: Monitor) => Promise<AlertCounts>,
    wantsOldest: () => boolean,
    changed: () => void,
  ) {
    this.#count = count;
    this.#wantsOldest = wantsOldest;
    this.#monitor = monitor;
    this.#changed = changed;
    void this.#poll();
  }

  sources(): readonly { readonly name: string; readonly state: SourceState }[] {
    const { metrics, alerts, logs, traces } = this.#monitor;
    return Object.entries({ metrics, alerts, logs, traces }).map(([name, source]) => ({ name, state: source.state() }));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #poll(): Promise<void> {
    this.busy = this.counts === undefined;
    try {
      this.counts = await this.#count(this.#monitor);
    } catch {
      // The source's own state says that it fails, and the header shows it.
      this.counts = undefined;
    }
    if (this.#wantsOldest()) await this.#readOldest();
    this.busy = false;
    if (this.#closed) return;
    this.#changed();
    this.#timer = setTimeout(() => void this.#poll(), EVERY_MS);
  }

  async #readOldest(): Promise<void> {
    try {
      const { minTimeMs, samples } = await this.#monitor.metrics.storageStatus();
      if (samples > 0 && minTimeMs > 0) this.oldestMs = minTimeMs;
    } catch {
      // Not every source tells; the range stays as it is.
      this.oldestMs = undefined;
    }
  }
}
