/** The last notifications and decisions not to notify, a bounded number, newest first. */
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
