/** The notification log: what each integration was last told of each group, so that it is told again only when due. */
import type { Clock } from '../config/clock.ts';
import type { NotificationReason } from './integration.ts';
import type { Journal } from './journal.ts';
import type { StateDirectory } from './state-directory.ts';

export interface LogEntry {
  /** Fingerprints. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  /** Firing alerts in a notification that was begun and neither recorded nor given up: the receiver may know of them. */
  readonly begun?: readonly string[] | undefined;
  readonly atMs: number;
  /** When firing alerts were last told of; undefined: never. */
  readonly firingAtMs?: number | undefined;
  readonly expiresAtMs: number;
  /** What the channel keeps for the group. */
  readonly store: Readonly<Record<string, string>>;
}

export interface NotificationLogOptions {
  readonly clock: Clock;
  readonly state: StateDirectory;
  readonly retentionMs: number;
}

export class NotificationLog {
  readonly #options: NotificationLogOptions;
  readonly #journal: Journal | undefined;
  readonly #entries = new Map<string, LogEntry>();

  constructor(options: NotificationLogOptions) {
    this.#options = options;
    const { journal, entries } = options.state.open('notifications.log', 'sent notifications', () => this.#entries);
    this.#journal = journal;
    for (const [key, value] of entries) this.#entries.set(key, value as LogEntry);
  }

  find(groupKey: string, receiver: string, integration: string): LogEntry | undefined {
    return this.#entries.get(logKey(groupKey, receiver, integration));
  }

  /** Resolves once the entry is on the disk: only then is the notification done. */
  async record(
    groupKey: string,
    receiver: string,
    integration: string,
    told: Pick<LogEntry, 'firing' | 'resolved' | 'store'>,
    repeatIntervalMs: number,
  ): Promise<void> {
    const key = logKey(groupKey, receiver, integration);
    const atMs = this.#options.clock.nowMs();
    const firingAtMs = told.firing.length > 0 ? atMs : this.#entries.get(key)?.firingAtMs;
    this.#put(key, { ...told, atMs, firingAtMs, expiresAtMs: this.#expiry(repeatIntervalMs) });
    await this.#journal?.sync();
  }

  /** To be called before the first attempt: what is on its way when the process dies may have arrived. */
  begin(
    groupKey: string,
    receiver: string,
    integration: string,
    firing: readonly string[],
    repeatIntervalMs: number,
  ): void {
    const key = logKey(groupKey, receiver, integration);
    const known = this.#entries.get(key) ?? this.#untold(repeatIntervalMs);
    this.#put(key, { ...known, begun: firing });
  }

  /** The notification that was begun did not arrive. */
  giveUp(groupKey: string, receiver: string, integration: string): void {
    const key = logKey(groupKey, receiver, integration);
    const known = this.#entries.get(key);
    if (known?.begun === undefined) return;
    const { begun: _, ...told } = known;
    this.#put(key, told.atMs === 0 ? undefined : told);
  }

  collect(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > nowMs) continue;
      this.#put(key, undefined);
    }
  }

  #untold(repeatIntervalMs: number): LogEntry {
    return { firing: [], resolved: [], atMs: 0, expiresAtMs: this.#expiry(repeatIntervalMs), store: {} };
  }

  /** An entry that is twice its repeat interval old was not renewed: its group is gone. */
  #expiry(repeatIntervalMs: number): number {
    return this.#options.clock.nowMs() + Math.min(this.#options.retentionMs, 2 * repeatIntervalMs);
  }

  #put(key: string, entry: LogEntry | undefined): void {
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    this.#journal?.put(key, entry);
  }
}

/** Why the integration has to be told now; `none`: it has not. */
export function dueReason(
  entry: LogEntry | undefined,
  firing: ReadonlySet<string>,
  resolved: ReadonlySet<string>,
  sendResolved: boolean,
  repeatIntervalMs: number,
  nowMs: number,
): NotificationReason {
  if (entry === undefined) return firing.size > 0 ? 'first notification' : 'none';
  const known = new Set(entry.firing);
  if (!isSubset(firing, known)) return known.size === 0 ? 'first notification' : 'new alerts added';
  // Also where resolved alerts are not sent: the log has to forget the firing ones.
  if (firing.size === 0) return known.size > 0 || entry.begun !== undefined ? 'all alerts resolved' : 'none';
  if (sendResolved && !isSubset(resolved, new Set(entry.resolved))) return 'some alerts resolved';
  return entry.atMs < nowMs - repeatIntervalMs ? 'repeat interval elapsed' : 'none';
}

function isSubset(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  for (const each of some) if (!all.has(each)) return false;
  return true;
}

function logKey(groupKey: string, receiver: string, integration: string): string {
  return `${groupKey}:${receiver}/${integration}`;
}
