/** `s`: the form of a silence, and the question before it acts. */
import { parseDuration } from '../../../config/duration.ts';
import { Matcher, matchesAll } from '../../../labels/matcher.ts';
import { parseMatchers } from '../../../labels/matcher-parser.ts';
import type { Filter } from '../../frame/filter.ts';
import { formatClock, formatSpan, plural } from '../../frame/format.ts';
import type { Area, Desk, Overlay } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { promptRow } from '../../frame/prompt-row.ts';
import { BLANK, type Row, row, sized, toned } from '../../frame/row.ts';
import type { Key } from '../../input/keys.ts';
import { editLine, type LineState, lineOf } from '../../input/line-editor.ts';
import { clean, wrap } from '../../sanitise.ts';
import { type AlertItem, hasAlert, titleOf } from './model.ts';

const FIELDS = ['matchers', 'for', 'comment', 'by'] as const;
type Field = (typeof FIELDS)[number];
// Enough to name one alert; labels such as severity would only narrow what they already say.
const TELLING_LABELS = ['alertname', 'service', 'instance', 'job', 'namespace', 'pod'];

/** Asks to silence one alert. */
export function silenceAlert(desk: Desk, item: AlertItem, alerts: readonly AlertItem[]): void {
  // And what tells it from its like: they are not to fall silent with it.
  const telling = new Map([...item.labels.filter((name) => TELLING_LABELS.includes(name)), ...item.telling]);
  const matchers = [...telling].map(([name, value]) => new Matcher('=', name, value));
  desk.show(new SilenceDialog(desk, `Silence ${item.name}`, matchers, alerts));
}

/** Asks to silence what the filter lets through: by the labels it names, else by the names of those alerts. */
export function silenceFiltered(
  desk: Desk,
  filter: Filter,
  shown: readonly AlertItem[],
  alerts: readonly AlertItem[],
): void {
  if (filter.empty || shown.length === 0) {
    desk.say(filter.empty ? 'Filter with / first; f silences what it lets through.' : 'No alert passes the filter.');
    return;
  }
  desk.show(new SilenceDialog(desk, 'Silence what the filter names', filterMatchers(filter, shown), alerts));
}

const NAME_WIDTH = 10;
const BLANK_NAME = ' '.repeat(NAME_WIDTH);
/** Of the alerts that it matches; the list behind the filter shows all of them. */
const MOST_NAME_ROWS = 4;

class SilenceDialog implements Overlay {
  readonly title: string;
  readonly shape = 'box';
  #desk: Desk;
  #alerts: readonly AlertItem[];
  #lines: Record<Field, LineState>;
  #field: Field = 'for';
  #asking = false;

  constructor(desk: Desk, title: string, matchers: readonly Matcher[], alerts: readonly AlertItem[]) {
    this.#desk = desk;
    this.#alerts = alerts;
    this.title = title;
    this.#lines = {
      matchers: lineOf(matchers.map((matcher) => matcher.toString()).join(', ')),
      for: lineOf('2h'),
      comment: lineOf(''),
      by: lineOf(process.env['USER'] ?? 'watchfire'),
    };
  }

  rows(area: Area): Row[] {
    const width = Math.min(76, area.width - 12);
    const field = (name: Field): Row[] => {
      const line = this.#lines[name];
      const head = sized(row(toned(name === this.#field ? 'accent' : 'muted', name)), NAME_WIDTH);
      if (name === this.#field && !this.#asking)
        return [row(head, promptRow('', line, width - NAME_WIDTH, area.theme))];
      return wrap(clean(line.text), width - NAME_WIDTH).map((text, i) => row(i === 0 ? head : BLANK_NAME, text));
    };
    const read = this.#read();
    const matched =
      typeof read === 'string'
        ? []
        : this.#alerts.filter(
            (item) => hasAlert(item) && matchesAll(read.matchers, item.routed?.labels ?? item.labels),
          );
    const foot: Row[] =
      typeof read === 'string'
        ? wrap(clean(read), width).map((text) => row(toned('warning', text)))
        : [
            ...matchedRows(matched, width),
            row(
              toned('muted', 'ends '),
              `${formatClock(this.#desk.nowMs() + read.forMs, area.zone)} ${area.zone.name}`,
              toned('muted', `, in ${formatSpan(read.forMs)}`),
            ),
          ];
    return [
      ...FIELDS.flatMap(field),
      BLANK,
      ...foot,
      ...(this.#asking
        ? [
            BLANK,
            row(
              toned('chip-warning', ' Silence these alerts? '),
              '  ',
              toned('accent', 'y'),
              ' yes   ',
              toned('accent', 'n'),
              ' no',
            ),
          ]
        : []),
    ].map((each) => sized(each, width));
  }

  key(key: Key): 'close' | 'stay' {
    if (this.#asking) return this.#answer(key);
    const at = FIELDS.indexOf(this.#field);
    switch (key.name) {
      case 'Esc':
        return 'close';
      case 'Tab':
      case 'Down':
        this.#field = FIELDS[(at + 1) % FIELDS.length]!;
        return 'stay';
      case 'S-Tab':
      case 'Up':
        this.#field = FIELDS[(at + FIELDS.length - 1) % FIELDS.length]!;
        return 'stay';
      case 'Enter':
        this.#asking = typeof this.#read() !== 'string';
        return 'stay';
      default: {
        const edited = editLine(this.#lines[this.#field], key);
        if (edited !== undefined) this.#lines = { ...this.#lines, [this.#field]: edited };
        return 'stay';
      }
    }
  }

  hints(): readonly (readonly [string, string])[] {
    if (this.#asking)
      return [
        ['y', 'silence'],
        ['n', 'back'],
      ];
    return [
      ['Tab', 'next field'],
      ['Enter', 'go on'],
      ['Esc', 'cancel'],
    ];
  }

  #answer(key: Key): 'close' | 'stay' {
    if (key.name === 'n' || key.name === 'Esc') this.#asking = false;
    const read = this.#read();
    if (key.name !== 'y' || typeof read === 'string') return 'stay';
    const nowMs = this.#desk.nowMs();
    this.#desk.monitor.alerts
      .setSilence({
        matchers: read.matchers,
        startsAtMs: nowMs,
        endsAtMs: nowMs + read.forMs,
        createdBy: this.#lines.by.text || 'watchfire',
        comment: this.#lines.comment.text || 'silenced in the terminal',
      })
      .then(
        (id) => this.#desk.say(`silenced for ${formatSpan(read.forMs)}: ${id}`, 'ok'),
        (error: unknown) => this.#desk.say(`the silence was refused: ${messageOf(error)}`, 'critical'),
      );
    return 'close';
  }

  /** What the fields say, or what is wrong with them. */
  #read(): { readonly matchers: readonly Matcher[]; readonly forMs: number } | string {
    const forMs = spanOf(this.#lines.for.text.trim());
    if (forMs === undefined) return 'for: give a length of time such as 30m, 2h or 1d12h';
    try {
      const matchers = parseMatchers(this.#lines.matchers.text);
      if (matchers.length === 0) return 'matchers: give at least one, as name="value"';
      if (matchers.every((matcher) => matcher.matches('')))
        return 'matchers: at least one has to match a label that is there';
      return { matchers, forMs };
    } catch (error) {
      return `matchers: ${messageOf(error)}`;
    }
  }
}

/** How many alerts, and which, as far as there is room. */
function matchedRows(matched: readonly AlertItem[], width: number): Row[] {
  const head = `matches ${plural(matched.length, 'alert')} now: `;
  const names = matched.map((item) => clean(titleOf(item)));
  let shown = names.length;
  const lines = (): string[] => {
    const rest = names.length - shown;
    const told = names.slice(0, shown).join(', ') || 'none';
    return wrap(`${head}${told}${rest === 0 ? '' : ` and ${rest} more`}`, width);
  };
  while (shown > 1 && lines().length > MOST_NAME_ROWS) shown -= 1;
  return lines().map((text, i) =>
    i === 0 ? row(toned('muted', text.slice(0, head.length)), text.slice(head.length)) : row(text),
  );
}

/** A filter takes parts of values, a silence takes whole ones: those of the alerts that passed. */
function filterMatchers(filter: Filter, shown: readonly AlertItem[]): Matcher[] {
  const matchers = filter.fields
    .filter(({ name, inverse }) => !inverse && shown.some((item) => item.labels.has(name)))
    .map(({ name }) => valuesMatcher(name, shown));
  const whole =
    matchers.length > 0 && filter.words.length === matchers.length && filter.fields.every((f) => !f.inverse);
  if (whole || matchers.some((matcher) => matcher.name === 'alertname')) return matchers;
  return [valuesMatcher('alertname', shown), ...matchers];
}

function valuesMatcher(name: string, items: readonly AlertItem[]): Matcher {
  const values = [...new Set(items.map((item) => item.labels.get(name)))].sort();
  if (values.length === 1) return new Matcher('=', name, values[0]!);
  return new Matcher('=~', name, values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'));
}

/** `2h`, `1h30m`; undefined where it is not a length of time. */
function spanOf(text: string): number | undefined {
  try {
    const ms = parseDuration(text);
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined;
  }
}
