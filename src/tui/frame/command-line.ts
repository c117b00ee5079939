/** `:`: commands with completion. What a command does is in one table. */
import { parseDuration } from '../../config/duration.ts';
import type { Key } from '../input/keys.ts';
import { EMPTY_LINE, editLine, type LineState, lineOf } from '../input/line-editor.ts';
import { clean } from '../sanitise.ts';
import { THEME_NAMES, type Theme, type ThemeName } from '../theme.ts';
import { candidateRow } from './candidates.ts';
import { parseFilter } from './filter.ts';
import { VIEW_NAMES, type ViewName } from './place.ts';
import { messageOf } from './poller.ts';
import { promptRow } from './prompt-row.ts';
import { type Row, row, toned } from './row.ts';
import type { Session } from './session.ts';

interface Command {
  readonly name: string;
  readonly usage: string;
  readonly does: string;
  /** Candidates for the argument. */
  readonly candidates?: (session: Session) => readonly string[];
  run(session: Session, argument: string): void;
}

const LOG_ARGUMENTS = ['level=error', 'level=warn', 'level=info', 'service=', 'trace='];

/** What a view takes beside a filter, or instead of one. */
const ARGUMENTS: Readonly<Partial<Record<ViewName, string>>> = {
  overview: '',
  metrics: ' [EXPR]',
  logs: ' [level=LEVEL] [service=NAME] [trace=ID] [FILTER]',
  traces: ' [ID | service=NAME | FILTER]',
};

const COMMANDS: readonly Command[] = [
  ...VIEW_NAMES.map(
    (view): Command => ({
      name: view,
      usage: `${view}${ARGUMENTS[view] ?? ' [FILTER]'}`,
      does: `the ${view} view`,
      candidates: () => (view === 'logs' ? LOG_ARGUMENTS : []),
      run: (session, argument) => openView(session, view, argument),
    }),
  ),
  {
    name: 'query',
    usage: 'query EXPR',
    does: 'a PromQL expression as a chart',
    run: (session, argument) => {
      session.goTo('metrics');
      session.place.act(`query:${argument}`);
    },
  },
  {
    name: 'trace',
    usage: 'trace ID',
    does: 'the waterfall of one trace',
    run: (session, argument) => session.drill('traces', { traceId: argument }),
  },
  {
    name: 'range',
    usage: 'range 5m|1h|…',
    does: 'how much time is shown',
    candidates: () => ['1m', '5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d'],
    run: (session, argument) => {
      try {
        session.setSpan(parseDuration(argument));
      } catch (error) {
        session.say(`range: ${messageOf(error)}; for instance :range 30m`, 'warning');
      }
    },
  },
  { name: 'live', usage: 'live', does: 'back to now', run: (session) => session.run('live') },
  {
    name: 'theme',
    usage: `theme ${THEME_NAMES.join('|')}`,
    does: 'colours',
    candidates: () => THEME_NAMES,
    run: (session, argument) => {
      if ((THEME_NAMES as readonly string[]).includes(argument)) session.setTheme(argument as ThemeName);
      else session.say(`theme: one of ${THEME_NAMES.join(', ')}`, 'warning');
    },
  },
  {
    name: 'utc',
    usage: 'utc',
    does: 'times in UTC, or local again',
    run: (session) => session.setUtc(!session.zone.utc),
  },
  {
    name: 'ascii',
    usage: 'ascii',
    does: 'draw without Unicode, or with',
    run: (session) => session.setAscii(!session.ascii),
  },
  {
    name: 'mouse',
    usage: 'mouse on|off',
    does: 'wheel scrolls; takes the terminal’s own selection away',
    candidates: () => ['on', 'off'],
    run: (session, argument) => session.options.mouse(argument !== 'off'),
  },
  {
    name: 'reload',
    usage: 'reload',
    does: 'read the configuration again',
    run: (session) => session.attempt(session.monitor.reload().then(() => 'The configuration was read again.')),
  },
  {
    name: 'events',
    usage: 'events',
    does: 'what watchfire itself has to say',
    run: (session) => {
      session.eventsReadMs = session.nowMs();
      session.push(session.options.views.events(session));
    },
  },
  {
    name: 'silences',
    usage: 'silences',
    does: 'the silences there are',
    run: (session) => {
      session.goTo('alerts');
      session.run('silences');
    },
  },
  { name: 'help', usage: 'help', does: 'every key that acts here', run: (session) => session.run('help') },
  { name: 'q', usage: 'q', does: 'quit', run: (session) => session.options.quit(0) },
  { name: 'quit', usage: 'quit', does: 'quit', run: (session) => session.options.quit(0) },
];

function openView(session: Session, view: ViewName, argument: string): void {
  session.goTo(view);
  if (argument === '' || session.place.act(`argument:${argument}`)) return;
  if (session.place.filters) session.place.setFilter(parseFilter(argument));
  else session.say(`${view} takes no argument`, 'warning');
}

export class CommandLine {
  #session: Session;
  #line: LineState = EMPTY_LINE;
  #chosen = -1;

  constructor(session: Session) {
    this.#session = session;
  }

  key(key: Key): 'close' | 'stay' {
    if (key.name === 'Esc' || (key.name === 'Backspace' && this.#line.text === '')) return 'close';
    if (key.name === 'Enter') {
      this.#run();
      return 'close';
    }
    if (key.name === 'Tab' || key.name === 'S-Tab') {
      this.#complete(key.name === 'Tab' ? 1 : -1);
      return 'stay';
    }
    const edited = editLine(this.#line, key);
    if (edited !== undefined) {
      this.#line = edited;
      this.#chosen = -1;
    }
    return 'stay';
  }

  rows(width: number, theme: Theme): Row[] {
    return [this.#candidateRow(width, theme), promptRow(':', this.#line, width, theme)];
  }

  #run(): void {
    const [, name, argument] = /^\s*(\S*)\s*(.*?)\s*$/.exec(this.#line.text)!;
    if (name === '') return;
    const command =
      COMMANDS.find((each) => each.name === name) ?? only(COMMANDS.filter((each) => each.name.startsWith(name!)));
    if (command === undefined)
      this.#session.say(`There is no command ${clean(name!)}; : and Tab show what there is.`, 'warning');
    else command.run(this.#session, argument!);
  }

  #candidates(): { readonly from: number; readonly words: readonly string[] } {
    const [, name] = /^\s*(\S+)\s/.exec(this.#line.text) ?? [];
    if (name === undefined) {
      const typed = this.#line.text.trim();
      return {
        from: 0,
        words: COMMANDS.map((each) => each.name).filter((each) => each.startsWith(typed) && each !== 'quit'),
      };
    }
    const from = this.#line.text.lastIndexOf(' ') + 1;
    const typed = this.#line.text.slice(from);
    const command = COMMANDS.find((each) => each.name === name);
    return { from, words: (command?.candidates?.(this.#session) ?? []).filter((each) => each.startsWith(typed)) };
  }

  #cycle: { readonly from: number; readonly words: readonly string[] } | undefined;

  #complete(by: number): void {
    if (this.#chosen < 0) this.#cycle = this.#candidates();
    const { from, words } = this.#cycle!;
    if (words.length === 0) return;
    this.#chosen = this.#chosen < 0 && by < 0 ? words.length - 1 : (this.#chosen + by + words.length) % words.length;
    this.#line = lineOf(this.#line.text.slice(0, from) + words[this.#chosen]!);
  }

  #candidateRow(width: number, theme: Theme): Row {
    const [, name] = /^\s*(\S+)\s/.exec(this.#line.text) ?? [];
    const { words } = this.#chosen >= 0 ? this.#cycle! : this.#candidates();
    const known = COMMANDS.find((each) => each.name === (name ?? this.#line.text.trim()));
    if (words.length <= 1 && known !== undefined) return row(toned('muted', `${known.usage}: ${known.does}`));
    return candidateRow(words, this.#chosen, 'muted', '', width, theme);
  }
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
