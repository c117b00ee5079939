/** The place of the silences: what is silenced until when, by whom and why; expiring one asks first. */
import type { Silence } from '../../../alerting/model.ts';
import { matchesAll } from '../../../labels/matcher.ts';
import type { Filter } from '../../frame/filter.ts';
import { formatAgo, formatMoment, plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, errorRows } from '../../frame/pane.ts';
import { type Area, Place } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { Question } from '../../frame/question.ts';
import { type Row, row, select, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import type { Tone } from '../../theme.ts';

const RANKS = { active: 0, pending: 1, expired: 2 } as const;
const TONES: Readonly<Record<Silence['state'], Tone>> = { active: 'accent', pending: 'warning', expired: 'muted' };

export class SilencesPlace extends Place {
  readonly view = 'alerts';
  #all: readonly Silence[] = [];
  #matched: ReadonlyMap<string, number> = new Map();
  #list = new ListState();

  crumb(): string {
    return 'silences';
  }

  scopes(): readonly Scope[] {
    return ['silences', 'list'];
  }

  async fetch(): Promise<void> {
    const { alerts } = this.desk.monitor;
    const [silences, routed] = await Promise.all([alerts.silences([]), alerts.alerts({})]);
    this.#matched = new Map(
      silences.map(({ id, matchers }) => [id, routed.filter(({ labels }) => matchesAll(matchers, labels)).length]),
    );
    this.#all = silences.toSorted((a, b) => RANKS[a.state] - RANKS[b.state] || b.endsAtMs - a.endsAtMs);
  }

  #items(): readonly Silence[] {
    return this.#all.filter((silence) =>
      this.filter.accepts({
        text: `${matchersOf(silence)} ${silence.createdBy} ${silence.comment} ${silence.id}`,
        field: (name) => ({ state: silence.state, by: silence.createdBy, id: silence.id })[name],
      }),
    );
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(): Row {
    const active = this.#all.filter((silence) => silence.state === 'active').length;
    return row(toned('muted', `${active} active of ${plural(this.#all.length, 'silence')}`));
  }

  rows(area: Area): Row[] {
    const { width, height, theme } = area;
    if (this.error !== undefined && !this.loaded) {
      return errorRows(
        'The silences cannot be read.',
        this.error,
        'It is tried again every 2 s.',
        theme,
        width,
        height,
      );
    }
    const items = this.#items();
    if (items.length === 0)
      return emptyRows(
        this.loaded ? 'Nothing is silenced.' : 'Reading the silences …',
        's on an alert silences it.',
        width,
        height,
      );
    const { from, to } = this.#list.window(items.length, height - 1);
    const laid = layOut(silenceColumns(this.#matched, area), items.slice(from, to), width);
    return [
      headRow(laid, theme),
      ...items.slice(from, to).map((silence, i) => {
        const cells = itemRow(laid, silence, theme);
        return from + i === this.#list.selected ? select(cells, width) : cells;
      }),
    ];
  }

  override act(action: string): boolean {
    const items = this.#items();
    if (this.#list.act(action, items.length)) return true;
    if (action !== 'expire' && action !== 'open') return false;
    const silence = items[this.#list.selected];
    if (silence === undefined) return true;
    if (silence.state === 'expired') this.desk.say('This silence is over already.');
    else
      this.desk.show(
        new Question('Expire', `End the silence of ${matchersOf(silence)} now?`, () => this.#expire(silence)),
      );
    return true;
  }

  #expire({ id }: Silence): void {
    this.desk.monitor.alerts.expireSilence(id).then(
      (found) => {
        this.desk.say(found ? 'The silence is over.' : 'There is no such silence any more.', found ? 'ok' : 'warning');
        this.desk.refresh(this);
      },
      (error: unknown) => this.desk.say(`the silence could not be ended: ${messageOf(error)}`, 'critical'),
    );
  }

  override copyText(): string | undefined {
    return this.#items()[this.#list.selected]?.id;
  }

  override command(): string | undefined {
    const silence = this.#items()[this.#list.selected];
    return silence === undefined ? undefined : `watchfire silence expire ${silence.id}`;
  }
}

function matchersOf(silence: Silence): string {
  return silence.matchers.map((matcher) => matcher.toString()).join(', ');
}

function silenceColumns(matched: ReadonlyMap<string, number>, { nowMs, zone }: Area): Column<Silence>[] {
  return [
    {
      id: 'state',
      title: 'State',
      min: 7,
      max: 8,
      priority: 1,
      cell: (silence) => toned(TONES[silence.state], silence.state),
    },
    {
      id: 'matchers',
      title: 'Matchers',
      min: 24,
      max: 70,
      priority: 1,
      cell: (silence) => toned('strong', matchersOf(silence)),
    },
    {
      id: 'matched',
      title: 'Matches now',
      min: 11,
      max: 11,
      priority: 2,
      cell: (silence) => {
        const count = matched.get(silence.id) ?? 0;
        if (silence.state === 'expired') return '';
        return count === 0 ? toned('warning', 'nothing') : plural(count, 'alert');
      },
    },
    {
      id: 'ends',
      title: 'Ends',
      min: 18,
      max: 30,
      priority: 2,
      cell: (silence) =>
        row(formatMoment(silence.endsAtMs, nowMs, zone), toned('muted', ` ${formatAgo(silence.endsAtMs, nowMs)}`)),
    },
    { id: 'by', title: 'By', min: 10, max: 20, priority: 3, cell: (silence) => silence.createdBy },
    {
      id: 'comment',
      title: 'Comment',
      min: 12,
      max: 120,
      grow: 1,
      priority: 4,
      cell: (silence) => toned('muted', silence.comment),
    },
  ];
}
