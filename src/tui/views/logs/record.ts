/** The place of one whole log record. */
import type { LogRecord } from '../../../logs/record.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import type { Row } from '../../frame/row.ts';
import { Scroll } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import type { LogsPlace } from './logs.ts';
import { subjectOfRecord } from './model.ts';
import { recordRows } from './rows.ts';

export class RecordPlace extends Place {
  readonly view = 'logs';
  override filters = false;
  #logs: LogsPlace;
  #record: LogRecord;
  #scroll = new Scroll();

  constructor(desk: Desk, logs: LogsPlace, record: LogRecord) {
    super(desk);
    this.#logs = logs;
    this.#record = record;
  }

  crumb(): string {
    return 'record';
  }

  scopes(): readonly Scope[] {
    return ['record'];
  }

  async fetch(): Promise<void> {}

  rows(area: Area): Row[] {
    return this.#scroll.visible(recordRows(this.#record, area), area.height, area.theme);
  }

  override act(action: string): boolean {
    if (this.#scroll.act(action)) return true;
    if (action !== 'next-error' && action !== 'previous-error') return false;
    const next = this.#logs.neighbour(this.#record, action === 'next-error' ? 1 : -1);
    if (next === undefined) this.desk.say('no further record');
    else {
      this.#record = next;
      this.#scroll = new Scroll();
    }
    return true;
  }

  override subject(): Subject {
    return subjectOfRecord(this.#record);
  }

  override copyText(): string {
    return this.#record.raw;
  }

  override command(): string | undefined {
    return this.#record.traceId === undefined ? undefined : `watchfire traces ${this.#record.traceId}`;
  }
}
