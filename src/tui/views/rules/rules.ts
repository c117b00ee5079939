/** The places of the rules: the groups, and one rule with what its query gives. */
import type { RuleGroupState } from '../../../monitor/sources.ts';
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
import { explainRule } from '../alerts/explain.ts';
import { queryCommand } from '../shell.ts';
import { keyOf, RuleDetail, type RuleItem, subjectOf } from './detail.ts';
import { ruleListRows } from './rows.ts';

const STATE_RANK = { firing: 0, pending: 1, inactive: 2 } as const;
const SORT_KEYS = {
  name: ({ rule }: RuleItem) => rule.name,
  state: ({ rule }: RuleItem) => (rule.health === 'err' ? -1 : rule.state === undefined ? 3 : STATE_RANK[rule.state]),
  evaluated: ({ rule }: RuleItem) => rule.lastEvaluationMs,
  duration: ({ rule }: RuleItem) => rule.evaluationSeconds,
};

const ADVICE = 'It is tried again every 2 s; the header shows the state of the source.';

export class RulesPlace extends Place {
  readonly view = 'rules';
  #groups: readonly RuleGroupState[] = [];
  readonly #preview = new Preview(this.desk);
  #list = new ListState();
  #sort: SortState | undefined;

  crumb(): string {
    return 'rules';
  }

  scopes(): readonly Scope[] {
    return ['rules', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const groups = await this.desk.monitor.alerts.ruleGroups();
    if (signal.aborted) return;
    this.#groups = groups;
    this.loaded = true;
    const { detail } = this.#preview;
    if (detail instanceof RuleDetail) detail.refresh(groups);
    this.desk.changed();
    await this.#preview.fetch();
  }

  override get busy(): boolean {
    return this.#preview.busy;
  }

  override leave(): void {
    this.#preview.close();
  }

  #items(): readonly RuleItem[] {
    const all = this.#groups.flatMap((group) => group.rules.map((rule) => ({ group, rule })));
    const shown = all.filter(({ group, rule }) =>
      this.filter.accepts({
        text: `${group.name} ${rule.name} ${rule.query} ${rule.state ?? ''} ${rule.health} ${rule.lastError}`,
        field: (name) =>
          ({ group: group.name, state: rule.state, health: rule.health, kind: rule.kind, file: group.file })[name] ??
          (rule.labels.get(name) || undefined),
      }),
    );
    return sorted(shown, SORT_KEYS, this.#sort);
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(): Row {
    const rules = this.#groups.flatMap((group) => group.rules);
    const broken = rules.filter((rule) => rule.health === 'err').length;
    return row(
      toned('muted', `${plural(rules.length, 'rule')} in ${plural(this.#groups.length, 'group')}`),
      broken > 0 ? toned('critical', `, ${broken} failing`) : '',
    );
  }

  rows(area: Area): Row[] {
    const { width, height } = area;
    const unloaded = unloadedRows(this, { what: 'the rules', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const items = this.#items();
    if (items.length === 0) {
      return this.#groups.length === 0
        ? emptyRows(
            'There are no rules.',
            'Name rule files under rule_files in prometheus.yml, then :reload. watchfire check rules FILE tells what is wrong in one.',
            width,
            height,
          )
        : emptyRows('No rule passes the filter.', 'Change it with /.', width, height);
    }
    const selected = items[Math.min(this.#list.selected, items.length - 1)]!;
    this.#preview.follow(keyOf(selected), () => new RuleDetail(selected, this.desk));
    const needed = 2 + items.length + 2 * this.#groups.length;
    return this.#preview.below(needed, area, (upper) => ruleListRows(items, this.#list, this.#sort, upper));
  }

  override act(action: string): boolean {
    const items = this.#items();
    if (this.#list.act(action, items.length)) return true;
    const item = items[this.#list.selected];
    if (action.startsWith('sort:')) {
      const column = action.slice(5);
      this.#sort = {
        column,
        descending: this.#sort?.column === column ? !this.#sort.descending : column === 'duration',
      };
      return true;
    }
    switch (action) {
      case 'open':
        if (item) this.desk.push(new RulePlace(this.desk, item));
        return true;
      case 'explain':
        if (item) explainRule(this.desk, item.rule.name, undefined);
        return true;
      default:
        return false;
    }
  }

  override subject(): Subject | undefined {
    const item = this.#items()[this.#list.selected];
    return item === undefined ? undefined : subjectOf(item, this.desk.nowMs());
  }

  override copyText(): string | undefined {
    return this.#items()[this.#list.selected]?.rule.query;
  }

  override command(): string {
    return [...new Set(this.#groups.map((group) => group.file))]
      .map((file) => `watchfire check rules ${file}`)
      .join(' && ');
  }
}

class RulePlace extends Place {
  readonly view = 'rules';
  override filters = false;
  override refreshMs = 5000;
  readonly #detail: RuleDetail;
  #scroll = new Scroll();

  constructor(desk: Desk, item: RuleItem) {
    super(desk);
    this.#detail = new RuleDetail(item, desk);
  }

  crumb(): string {
    return this.#detail.title;
  }

  scopes(): readonly Scope[] {
    return ['rule', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    this.#detail.refresh(await this.desk.monitor.alerts.ruleGroups());
    await this.#detail.fetch(signal);
  }

  rows(area: Area): Row[] {
    return this.#scroll.visible(this.#detail.rows(area), area.height, area.theme);
  }

  override act(action: string): boolean {
    if (this.#scroll.act(action)) return true;
    if (action === 'explain') {
      explainRule(this.desk, this.#detail.title, undefined);
      return true;
    }
    if (action !== 'open') return false;
    this.desk.drill('metrics', this.subject());
    return true;
  }

  override subject(): Subject {
    return subjectOf(this.#detail.item, this.desk.nowMs());
  }

  override copyText(): string {
    return this.#detail.item.rule.query;
  }

  override command(): string {
    return queryCommand(this.#detail.item.rule.query);
  }
}
