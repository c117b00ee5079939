/** The last notifications and decisions not to notify, a bounded number, newest first, and the tries among them gathered. */
import type { NotificationRecord } from './model.ts';

export class NotificationHistory {
  readonly #limit: number;
  readonly #records: NotificationRecord[] = [];

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  add(record: NotificationRecord): void {
    this.#records.push(record);
    // Trimmed by halves, so that adding stays cheap.
    if (this.#records.length > 2 * this.#limit) this.#records.splice(0, this.#records.length - this.#limit);
  }

  newest(limit: number): readonly NotificationRecord[] {
    const count = Math.min(limit, this.#limit, this.#records.length);
    return count <= 0 ? [] : this.#records.slice(-count).reverse();
  }

  /** Those that an alert took part in, newest first. */
  of(fingerprint: string, limit: number): readonly NotificationRecord[] {
    return this.newest(this.#limit)
      .filter((record) => record.fingerprints.includes(fingerprint))
      .slice(0, limit);
  }
}

/** Tries that failed alike, one after the other, as one. */
export interface Tries {
  /** The newest of them. */
  readonly record: NotificationRecord;
  readonly count: number;
  /** When the oldest of them was. */
  readonly sinceMs: number;
}

/** Of records, newest first: retries of an integration for a group that differ in nothing but their time become one. */
export function gatherTries(records: readonly NotificationRecord[]): readonly Tries[] {
  const gathered: { record: NotificationRecord; count: number; sinceMs: number }[] = [];
  const open = new Map<string, (typeof gathered)[number]>();
  for (const record of records) {
    const whose = JSON.stringify([record.receiver, record.integration, record.groupLabels.key]);
    const tries = open.get(whose);
    if (tries?.record.outcome === 'retrying' && isAlike(tries.record, record)) {
      tries.count++;
      tries.sinceMs = record.atMs;
      continue;
    }
    // Where there is a later record, the next try is made, or given up.
    const { nextTryMs: _, ...past } = record;
    const fresh = { record: tries === undefined ? record : past, count: 1, sinceMs: record.atMs };
    gathered.push(fresh);
    open.set(whose, fresh);
  }
  return gathered;
}

function isAlike(a: NotificationRecord, b: NotificationRecord): boolean {
  return a.outcome === b.outcome && a.reason === b.reason && a.firing === b.firing && a.resolved === b.resolved;
}
