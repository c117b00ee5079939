/** The place of the logs: the lines of a window, followed live; level, service, trace and text filters. */
import type { LogQuery, LogRecord } from '../../../logs/record.ts';
import { type Filter, parseFilter } from '../../frame/filter.ts';
import { formatCount, plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, unloadedRows } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { type Part, type Row, row, toned } from '../../frame/row.ts';
import type { Scope } from '../../input/bindings.ts';
import { matchService, serviceNote } from '../service.ts';
import { LINE_LIMIT, LogCriteria } from './criteria.ts';
import { isError, LEVELS, LogBuffer, subjectOfRecord } from './model.ts';
import { RecordPlace } from './record.ts';
import { logLines, volumeRows } from './rows.ts';
import { LiveTail } from './tail.ts';

/** Lines kept while paused. */
const WAITING_LIMIT = 10_000;

const ADVICE =
  'Give watchfire log files (--log FILE) or an Elasticsearch (--elasticsearch URL, --index PATTERN). It is tried again by itself.';

export class LogsPlace extends Place {
  readonly view = 'logs';
  override windowed = true;
  // The tail brings what is new; this only repairs what it may have missed.
  override refreshMs = 30_000;
  readonly buffer = new LogBuffer();
  #list = new ListState();
  #subject: Subject | undefined;
  readonly #criteria = new LogCriteria();
  #services: readonly string[] = [];
  #following = true;
  #paused = false;
  #waiting: LogRecord[] = [];
  readonly #tail: LiveTail;
  #note = '';
  #fields = true;

  constructor(desk: Desk, subject?: Subject) {
    super(desk);
    this.#subject = subject;
    this.#criteria.trace = subject?.traceId;
    this.#tail = new LiveTail(
      desk.monitor.logs,
      (batch) => this.#receive(batch),
      () => desk.changed(),
    );
  }

  crumb(): string {
    return this.#criteria.trace === undefined
      ? this.#subject === undefined
        ? 'logs'
        : `logs ${this.#criteria.service ?? ''}`.trim()
      : `logs of ${this.#criteria.trace.slice(0, 8)}`;
  }

  scopes(): readonly Scope[] {
    return ['logs', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { logs } = this.desk.monitor;
    if (this.#services.length === 0) {
      this.#services = await logs.services(signal);
      this.#adoptService();
    }
    const records = await logs.search(this.#past(), signal);
    if (signal.aborted) return;
    this.#replace(this.#paused ? this.#keepWaiting(records) : records);
    this.#startTail();
  }

  /** Shows these lines instead; the selected one stays where it is on the screen. */
  #replace(records: readonly LogRecord[]): void {
    const kept = this.#selected();
    this.buffer.clear();
    this.buffer.setFilter(this.filter);
    this.buffer.add(records);
    this.#select(kept);
  }

  /** While paused nothing newer than what is shown comes in: it waits. Gives the others. */
  #keepWaiting(records: readonly LogRecord[]): readonly LogRecord[] {
    const newestMs = this.buffer.all.at(-1)?.timestampMs ?? Number.POSITIVE_INFINITY;
    const known = new Set(this.#waiting.map((record) => record.id));
    this.#wait(records.filter((record) => record.timestampMs > newestMs && !known.has(record.id)));
    return records.filter((record) => record.timestampMs <= newestMs);
  }

  /** Where one came from names a service in its own words: the logs may call it otherwise, or not know it. */
  #adoptService(): void {
    const subject = this.#subject;
    if (subject === undefined || this.#criteria.trace !== undefined || this.#criteria.service !== undefined) return;
    if (subject.service === undefined && subject.labels === undefined) return;
    this.#criteria.service = matchService(this.#services, subject.labels, subject.service);
    if (this.#criteria.service === undefined) this.#note = serviceNote('logs', subject.service);
  }

  #past(): LogQuery {
    const { startMs, endMs } = this.desk.window();
    // A trace is wanted whole, whatever the window.
    const bounds = this.#criteria.trace === undefined ? { startMs, endMs } : {};
    return { ...this.#criteria.query(), ...bounds };
  }

  #startTail(): void {
    if (this.desk.window().live && this.#criteria.trace === undefined) this.#tail.start(this.#criteria.query());
    else this.#tail.stop();
  }

  #receive(batch: readonly LogRecord[]): void {
    if (this.#paused) this.#wait(batch);
    else this.#append(batch);
    this.desk.changed();
  }

  #wait(batch: readonly LogRecord[]): void {
    this.#waiting.push(...batch);
    if (this.#waiting.length > WAITING_LIMIT) this.#waiting.splice(0, this.#waiting.length - WAITING_LIMIT);
  }

  #append(batch: readonly LogRecord[]): void {
    const gone = this.buffer.add(batch);
    if (!this.#following) {
      this.#list.selected = Math.max(0, this.#list.selected - gone);
      this.#list.top = Math.max(0, this.#list.top - gone);
    }
    this.#followOrKeep();
  }

  #followOrKeep(): void {
    if (this.#following) this.#list.selected = Math.max(0, this.buffer.shown.length - 1);
  }

  override enter(): void {
    if (this.loaded) this.#startTail();
  }

  override leave(): void {
    this.#tail.stop();
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    const kept = this.#selected();
    this.buffer.setFilter(filter);
    this.#select(kept);
  }

  /** Goes to the newest line, or where that is not followed to this one, which the lines may hold anew. */
  #select(record: LogRecord | undefined): void {
    const at = record === undefined ? -1 : this.buffer.shown.findIndex((each) => each.id === record.id);
    if (at >= 0) {
      this.#list.top = Math.max(0, this.#list.top + at - this.#list.selected);
      this.#list.selected = at;
    }
    this.#followOrKeep();
  }

  #selected(): LogRecord | undefined {
    return this.buffer.shown[this.#list.selected];
  }

  override status(area: Area): Row {
    const parts: Part[] = [];
    if (this.#paused) parts.push(toned('chip-warning', ` paused, ${formatCount(this.#waiting.length)} waiting `), ' ');
    else if (this.#criteria.trace === undefined && area.window.live) {
      parts.push(this.#following ? toned('ok', 'following ') : toned('warning', 'not following (f) '));
    }
    if (this.#criteria.level !== undefined) parts.push(toned('chip-muted', ` ${this.#criteria.level} and worse `), ' ');
    if (this.#criteria.service !== undefined) parts.push(toned('chip-muted', ` ${this.#criteria.service} `), ' ');
    const shown = this.buffer.shown.length;
    const all = this.buffer.all.length;
    const most = all >= LINE_LIMIT ? ', the newest' : '';
    parts.push(
      toned(
        'muted',
        shown === all ? `${plural(shown, 'line')}${most}` : `${formatCount(shown)} of ${plural(all, 'line')}`,
      ),
    );
    return row(...parts);
  }

  rows(area: Area): Row[] {
    const { width, height, theme } = area;
    const unloaded = unloadedRows(this, { what: 'the logs', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const notes: Row[] = [];
    if (this.#tail.error !== undefined)
      notes.push(row(toned('warning', `${theme.glyphs.slow} no live lines: ${this.#tail.error}`)));
    if (this.#note !== '') notes.push(row(toned('muted', this.#note)));
    if (this.buffer.dropped > 0)
      notes.push(row(toned('muted', `${plural(this.buffer.dropped, 'older line')} dropped to bound memory`)));
    const top = height >= 16 && this.#criteria.trace === undefined ? volumeRows(this.buffer.shown, area) : [];
    const rest = height - top.length - notes.length;
    if (this.buffer.shown.length === 0) return [...top, ...notes, ...this.#nothing(width, rest)];
    return [
      ...top,
      ...notes,
      ...logLines(this.buffer.shown, this.#list, this.filter.words, this.#fields, { ...area, height: rest }),
    ];
  }

  #nothing(width: number, height: number): Row[] {
    const state = this.desk.monitor.logs.state();
    if (state.kind === 'off') return emptyRows('There are no logs here.', state.reason ?? '', width, height);
    if (this.#criteria.trace !== undefined)
      return emptyRows(
        'No log line names this trace.',
        'Log lines carry a trace where the application writes traceId (or trace_id) into them.',
        width,
        height,
      );
    if (this.buffer.all.length > 0)
      return emptyRows(
        'No line passes the filter.',
        'Change it with /, or clear it: / then Ctrl-U and Enter.',
        width,
        height,
      );
    return emptyRows(
      'No log lines in this time range.',
      'A longer range: -. Earlier: [. Another level: v. Another service: o.',
      width,
      height,
    );
  }

  override act(action: string): boolean {
    const { shown } = this.buffer;
    if (this.#list.act(action, shown.length)) {
      this.#following = this.#list.selected >= shown.length - 1;
      return true;
    }
    switch (action) {
      case 'open': {
        const record = this.#selected();
        if (record) this.desk.push(new RecordPlace(this.desk, this, record));
        return true;
      }
      case 'pause':
        this.#togglePause();
        return true;
      case 'follow':
        if (this.#paused) this.#togglePause();
        this.#following = true;
        this.#followOrKeep();
        return true;
      case 'fields':
        this.#fields = !this.#fields;
        return true;
      case 'level':
        this.#criteria.nextLevel();
        this.desk.refresh(this);
        return true;
      case 'service':
      case 'service-back':
        this.#nextService(action === 'service' ? 1 : -1);
        return true;
      case 'next-error':
      case 'previous-error':
        this.#goTo(action === 'next-error' ? 1 : -1, isError, 'error');
        return true;
      default:
        return action.startsWith('argument:') ? this.#takeArgument(action.slice(9)) : false;
    }
  }

  #togglePause(): void {
    this.#paused = !this.#paused;
    if (this.#paused) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#append(waiting);
  }

  #nextService(by: number): void {
    this.#criteria.nextService(this.#services, by);
    this.#note = '';
    this.desk.refresh(this);
  }

  #goTo(by: number, wanted: (record: LogRecord) => boolean, what: string): void {
    const { shown } = this.buffer;
    for (let i = this.#list.selected + by; i >= 0 && i < shown.length; i += by) {
      if (!wanted(shown[i]!)) continue;
      this.#list.selected = i;
      this.#following = false;
      return;
    }
    this.desk.say(`no ${by > 0 ? 'later' : 'earlier'} ${what} among these lines`);
  }

  /** The record before or after one, for the place that shows a whole one. */
  neighbour(record: LogRecord, by: number): LogRecord | undefined {
    const at = this.buffer.shown.indexOf(record) + by;
    const found = this.buffer.shown[at];
    if (found !== undefined) {
      this.#list.selected = at;
      this.#following = false;
    }
    return found;
  }

  /** `:logs level=error service=order trace=… words`. */
  #takeArgument(text: string): boolean {
    const rest = this.#criteria.take(text);
    const wrong = rest.find((word) => word.startsWith('level='));
    if (wrong !== undefined) this.desk.say(`${wrong} is none of the levels: ${LEVELS.join(', ')}`, 'warning');
    else if (rest.length > 0) this.setFilter(parseFilter(rest.join(' ')));
    this.desk.refresh(this);
    return true;
  }

  override subject(): Subject | undefined {
    const record = this.#selected();
    return record === undefined ? undefined : subjectOfRecord(record);
  }

  override copyText(): string | undefined {
    return this.#selected()?.raw;
  }

  override command(): string {
    return this.#criteria.command();
  }
}
