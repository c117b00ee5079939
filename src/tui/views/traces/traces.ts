/** The place of the list of traces. */
import type { TraceQuery, TraceSummary } from '../../../traces/trace.ts';
import type { Filter } from '../../frame/filter.ts';
import { formatMicros, plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, unloadedRows } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { type Part, type Row, row, toned } from '../../frame/row.ts';
import { type SortState, sorted } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import { matchService, serviceNote } from '../service.ts';
import { traceListRows } from './rows.ts';
import { WaterfallPlace } from './waterfall.ts';

const LIMIT = 300;
const FLOORS_US: readonly (number | undefined)[] = [
  undefined,
  50_000,
  100_000,
  250_000,
  500_000,
  1_000_000,
  2_500_000,
  5_000_000,
];
const SORT_KEYS = {
  start: (trace: TraceSummary) => trace.startUs,
  duration: (trace: TraceSummary) => trace.durationUs,
  spans: (trace: TraceSummary) => trace.spanCount,
  errors: (trace: TraceSummary) => trace.errorCount,
};

const ADVICE =
  'Point watchfire at a Jaeger (--jaeger URL), or let applications send OTLP/HTTP to watchfire itself. It is tried again by itself.';

export class TracesPlace extends Place {
  readonly view = 'traces';
  override windowed = true;
  override refreshMs = 3000;
  #all: readonly TraceSummary[] = [];
  #list = new ListState();
  #sort: SortState = { column: 'start', descending: true };
  #subject: Subject | undefined;
  #service: string | undefined;
  #services: readonly string[] = [];
  #errorsOnly = false;
  #floor = 0;
  #note = '';

  constructor(desk: Desk, subject?: Subject) {
    super(desk);
    this.#subject = subject;
  }

  crumb(): string {
    return this.#subject === undefined ? 'traces' : `traces ${this.#service ?? ''}`.trim();
  }

  scopes(): readonly Scope[] {
    return ['traces', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { traces } = this.desk.monitor;
    if (this.#services.length === 0) {
      this.#services = await traces.services(signal);
      this.#adoptService();
    }
    const selected = this.#selected()?.traceId;
    const { startMs, endMs } = this.desk.window();
    const floorUs = FLOORS_US[this.#floor];
    const query: TraceQuery = {
      limit: LIMIT,
      startUs: Math.round(startMs * 1000),
      endUs: Math.round(endMs * 1000),
      ...(this.#service === undefined ? {} : { service: this.#service }),
      ...(floorUs === undefined ? {} : { minDurationUs: floorUs }),
      ...(this.#errorsOnly ? { tags: { error: 'true' } } : {}),
    };
    const found = await traces.search(query, signal);
    // A source may take tags loosely: what is shown as failed has failed.
    this.#all = this.#errorsOnly ? found.filter((trace) => trace.errorCount > 0) : found;
    const at = this.#items().findIndex((trace) => trace.traceId === selected);
    if (at >= 0) this.#list.selected = this.#list.selected === 0 && this.#sort.column === 'start' ? 0 : at;
  }

  #adoptService(): void {
    if (this.#subject?.service === undefined && this.#subject?.labels === undefined) return;
    this.#service = matchService(this.#services, this.#subject.labels, this.#subject.service);
    if (this.#service === undefined) this.#note = serviceNote('traces', this.#subject.service);
  }

  #items(): readonly TraceSummary[] {
    const shown = this.#all.filter((trace) =>
      this.filter.accepts({
        text: `${trace.rootService} ${trace.rootName} ${Object.keys(trace.services).join(' ')} ${trace.traceId}`,
        field: (name) =>
          ({
            service: Object.keys(trace.services).join(' '),
            operation: trace.rootName,
            error: String(trace.errorCount > 0),
            id: trace.traceId,
          })[name],
      }),
    );
    return sorted(shown, SORT_KEYS, this.#sort);
  }

  #selected(): TraceSummary | undefined {
    return this.#items()[this.#list.selected];
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(): Row {
    const parts: Part[] = [];
    if (this.#errorsOnly) parts.push(toned('chip-muted', ' errors only '), ' ');
    if (this.#service !== undefined) parts.push(toned('chip-muted', ` ${this.#service} `), ' ');
    const floorUs = FLOORS_US[this.#floor];
    if (floorUs !== undefined) parts.push(toned('chip-muted', ` ≥ ${formatMicros(floorUs)} `), ' ');
    const items = this.#items();
    parts.push(toned('muted', `${plural(items.length, 'trace')}${this.#all.length >= LIMIT ? ', the newest' : ''}`));
    return row(...parts);
  }

  rows(area: Area): Row[] {
    const { width, height } = area;
    const unloaded = unloadedRows(this, { what: 'the traces', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const items = this.#items();
    const state = this.desk.monitor.traces.state();
    if (items.length === 0 && state.kind === 'off')
      return emptyRows('There are no traces here.', state.reason ?? '', width, height);
    if (items.length === 0) {
      const hint =
        this.#all.length > 0
          ? 'Change the filter with /.'
          : 'A longer range: -. Earlier: [. All services: o. All traces: v. Faster ones: <.';
      return emptyRows(
        this.#all.length > 0 ? 'No trace passes the filter.' : 'No traces in this time range.',
        hint,
        width,
        height,
      );
    }
    const notes = this.#note === '' ? [] : [row(toned('muted', this.#note))];
    return [...notes, ...traceListRows(items, this.#list, this.#sort, { ...area, height: height - notes.length })];
  }

  override act(action: string): boolean {
    const items = this.#items();
    if (this.#list.act(action, items.length)) return true;
    if (action.startsWith('sort:')) {
      const column = action.slice(5);
      this.#sort = { column, descending: this.#sort.column === column ? !this.#sort.descending : true };
      return true;
    }
    switch (action) {
      case 'open': {
        const trace = this.#selected();
        if (trace) this.desk.push(new WaterfallPlace(this.desk, trace.traceId));
        return true;
      }
      case 'errors-only':
        this.#errorsOnly = !this.#errorsOnly;
        this.desk.refresh(this);
        return true;
      case 'slower':
      case 'faster':
        this.#floor = Math.max(0, Math.min(FLOORS_US.length - 1, this.#floor + (action === 'slower' ? 1 : -1)));
        this.desk.refresh(this);
        return true;
      case 'service':
      case 'service-back': {
        const choices = [undefined, ...this.#services];
        const by = action === 'service' ? 1 : choices.length - 1;
        this.#service = choices[(choices.indexOf(this.#service) + by) % choices.length];
        this.#note = '';
        this.desk.refresh(this);
        return true;
      }
      case 'next-error':
      case 'previous-error': {
        const by = action === 'next-error' ? 1 : -1;
        for (let i = this.#list.selected + by; i >= 0 && i < items.length; i += by) {
          if (items[i]!.errorCount === 0) continue;
          this.#list.selected = i;
          return true;
        }
        this.desk.say(`no ${by > 0 ? 'further' : 'earlier'} trace with an error in this list`);
        return true;
      }
      case 'to-traces':
        return this.act('open');
      default:
        return action.startsWith('argument:') ? this.#takeArgument(action.slice(9)) : false;
    }
  }

  /** `:traces ID`, or `:traces service=order`. */
  #takeArgument(text: string): boolean {
    const service = /^service=(\S*)$/.exec(text)?.[1];
    if (service !== undefined) {
      this.#service = service === '' ? undefined : service;
      this.desk.refresh(this);
      return true;
    }
    if (!/^[0-9a-f]{1,32}$/i.test(text)) return false;
    this.desk.push(new WaterfallPlace(this.desk, text.toLowerCase()));
    return true;
  }

  override subject(): Subject | undefined {
    const trace = this.#selected();
    if (trace === undefined) return undefined;
    return {
      traceId: trace.traceId,
      service: trace.rootService,
      fromMs: trace.startUs / 1000,
      toMs: (trace.startUs + trace.durationUs) / 1000,
    };
  }

  override copyText(): string | undefined {
    return this.#selected()?.traceId;
  }

  override command(): string | undefined {
    const trace = this.#selected();
    return trace === undefined ? undefined : `watchfire traces ${trace.traceId}`;
  }
}
