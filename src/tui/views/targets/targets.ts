/** The place of the scrape targets. */
import type { TargetState, TargetsAnswer } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { Filter } from '../../frame/filter.ts';
import { plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, unloadedRows } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { Preview } from '../../frame/preview.ts';
import { type Row, row, toned } from '../../frame/row.ts';
import { type SortState, sorted } from '../../frame/table.ts';
import { Scroll } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { serviceOf } from '../service.ts';
import { keyOf, TargetDetail } from './detail.ts';
import { DroppedPlace } from './dropped.ts';
import { fetchUps } from './fetch.ts';
import { discoveryRows, targetListRows, targetsRow } from './rows.ts';
import { StoragePlace } from './storage.ts';

const HEALTH_RANK = { down: 0, unknown: 1, up: 2 } as const;
const SORT_KEYS = {
  job: (target: TargetState) => target.job,
  state: (target: TargetState) => HEALTH_RANK[target.health],
  scraped: (target: TargetState) => target.lastScrapeMs,
  duration: (target: TargetState) => target.lastScrapeDurationSeconds,
  samples: (target: TargetState) => target.samples ?? 0,
  added: (target: TargetState) => target.seriesAdded ?? 0,
};

const ADVICE = 'It is tried again every 2 s; the header shows the state of the source.';

export class TargetsPlace extends Place {
  readonly view = 'targets';
  #answer: TargetsAnswer = { active: [], dropped: [], droppedCounts: {} };
  #ups: readonly RangeSeries[] = [];
  readonly #preview = new Preview(this.desk);
  #list = new ListState();
  #sort: SortState | undefined;

  crumb(): string {
    return 'targets';
  }

  scopes(): readonly Scope[] {
    return ['targets', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { metrics } = this.desk.monitor;
    const answer = await metrics.targets();
    if (signal.aborted) return;
    this.#answer = answer;
    this.loaded = true;
    const { detail } = this.#preview;
    if (detail instanceof TargetDetail) detail.refresh(answer);
    this.desk.changed();
    const [ups] = await Promise.all([fetchUps(metrics, this.desk.window(), signal), this.#preview.fetch()]);
    if (!signal.aborted) this.#ups = ups;
  }

  override get busy(): boolean {
    return this.#preview.busy;
  }

  override leave(): void {
    this.#preview.close();
  }

  #items(): readonly TargetState[] {
    const shown = this.#answer.active.filter((target) =>
      this.filter.accepts({
        text: `${target.job} ${target.scrapeUrl} ${target.health} ${target.lastError} ${target.labels}`,
        field: (name) =>
          name === 'state' || name === 'health'
            ? target.health
            : name === 'job'
              ? target.job
              : target.labels.get(name) || undefined,
      }),
    );
    if (this.#sort !== undefined) return sorted(shown, SORT_KEYS, this.#sort);
    // By job, and in a job what is down first.
    return [...shown].sort(
      (a, b) =>
        compare(a.job, b.job) || HEALTH_RANK[a.health] - HEALTH_RANK[b.health] || compare(a.scrapeUrl, b.scrapeUrl),
    );
  }

  #selected(): TargetState | undefined {
    return this.#items()[this.#list.selected];
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(area: Area): Row {
    const { active, droppedCounts } = this.#answer;
    const dropped = Object.values(droppedCounts).reduce((sum, count) => sum + count, 0);
    const note = dropped > 0 ? `, ${plural(dropped, 'target')} dropped by relabelling` : '';
    return row(targetsRow(active, area.theme), toned('muted', note));
  }

  rows(area: Area): Row[] {
    const { width, height } = area;
    const unloaded = unloadedRows(this, { what: 'the targets', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const failing = discoveryRows(this.#answer.discoveries ?? [], area);
    if (this.#answer.active.length === 0 && failing.length > 0) return failing.slice(0, height);
    if (this.#answer.active.length === 0) {
      return emptyRows(
        'Nothing is scraped.',
        'Name targets on the command line (watchfire HOST:PORT), or under scrape_configs in prometheus.yml. A source that is attached may not tell its targets.',
        width,
        height,
      );
    }
    const items = this.#items();
    if (items.length === 0) return emptyRows('No target passes the filter.', 'Change it with /.', width, height);
    const above = failing.slice(0, Math.floor(height / 3));
    const selected = this.#selected();
    this.#preview.follow(keyOf(selected), () => new TargetDetail(selected!, this.desk));
    const needed = 2 + items.length + 2 * new Set(items.map(({ job }) => job)).size;
    const rest = this.#preview.below(needed, { ...area, height: height - above.length }, (upper) =>
      targetListRows(items, this.#ups, this.#list, this.#sort, upper),
    );
    return [...above, ...rest];
  }

  override act(action: string): boolean {
    if (this.#list.act(action, this.#items().length)) return true;
    if (action.startsWith('sort:')) {
      const column = action.slice(5);
      const again = this.#sort?.column === column;
      this.#sort =
        column === 'job'
          ? undefined
          : {
              column,
              descending: again
                ? !this.#sort!.descending
                : column === 'duration' || column === 'samples' || column === 'added',
            };
      return true;
    }
    if (action === 'cardinality') {
      this.desk.push(new StoragePlace(this.desk));
      return true;
    }
    if (action === 'dropped') {
      this.desk.push(new DroppedPlace(this.desk));
      return true;
    }
    if (action !== 'open') return false;
    const target = this.#selected();
    if (target) this.desk.push(new TargetPlace(this.desk, target));
    return true;
  }

  override subject(): Subject | undefined {
    const target = this.#selected();
    return target === undefined ? undefined : subjectOf(target);
  }

  override copyText(): string | undefined {
    return this.#selected()?.scrapeUrl;
  }

  override command(): string | undefined {
    const target = this.#selected();
    return target === undefined ? undefined : `curl -s '${target.scrapeUrl}'`;
  }
}

class TargetPlace extends Place {
  readonly view = 'targets';
  override filters = false;
  readonly #detail: TargetDetail;
  #scroll = new Scroll();

  constructor(desk: Desk, target: TargetState) {
    super(desk);
    this.#detail = new TargetDetail(target, desk);
  }

  crumb(): string {
    return this.#detail.title;
  }

  scopes(): readonly Scope[] {
    return ['subject', 'page'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    this.#detail.refresh(await this.desk.monitor.metrics.targets());
    await this.#detail.fetch(signal);
  }

  rows(area: Area): Row[] {
    return this.#scroll.visible(this.#detail.rows(area), area.height, area.theme);
  }

  override act(action: string): boolean {
    return this.#scroll.act(action);
  }

  override subject(): Subject {
    return subjectOf(this.#detail.target);
  }

  override copyText(): string {
    return this.#detail.target.scrapeUrl;
  }

  override command(): string {
    return `curl -s '${this.#detail.target.scrapeUrl}'`;
  }
}

function subjectOf(target: TargetState): Subject {
  const { labels } = target;
  return {
    service: serviceOf(labels),
    labels,
    expression: `{instance=${JSON.stringify(labels.get('instance'))}, job=${JSON.stringify(labels.get('job'))}, __name__=~"up|scrape_duration_seconds"}`,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
