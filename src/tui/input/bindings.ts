/** The one table of keys: what each does and where. The help page, the footer and the dispatch are all made from it. */

/** Where a binding acts. A place names its scopes, the most particular first; `global` comes last everywhere. */
export type Scope =
  | 'global'
  | 'list'
  | 'subject'
  | 'page'
  | 'overview'
  | 'alerts'
  | 'alert'
  | 'silences'
  | 'logs'
  | 'record'
  | 'traces'
  | 'waterfall'
  | 'metrics'
  | 'chart'
  | 'targets'
  | 'rules'
  | 'rule';

export interface Binding {
  readonly action: string;
  readonly keys: readonly string[];
  /** As the help page says it. */
  readonly does: string;
  /** As the footer says it, where it is worth a place there. */
  readonly short?: string;
  /** The footer shows the smallest numbers first. */
  readonly rank?: number;
}

type Table = Readonly<Record<Scope, readonly Binding[]>>;

const b = (action: string, keys: string, does: string, short?: string, rank?: number): Binding => ({
  action,
  keys: keys.split(' '),
  does,
  ...(short === undefined ? {} : { short, rank: rank ?? 50 }),
});

export const BINDINGS: Table = {
  global: [
    b('view:overview', '1', 'overview: what is wrong now'),
    b('view:metrics', '2', 'metrics: query and chart'),
    b('view:alerts', '3', 'alerts'),
    b('view:logs', '4', 'logs'),
    b('view:traces', '5', 'traces'),
    b('view:targets', '6', 'targets'),
    b('view:rules', '7', 'rules'),
    b('help', '? F1', 'every key that acts here', 'help', 99),
    b('command', ':', 'command line', 'command', 97),
    b('filter', '/', 'filter: word, !word, key=value, -f fuzzy', 'filter', 60),
    b('next-match', 'n', 'next match'),
    b('previous-match', 'N', 'previous match'),
    b('back', 'Esc', 'back one step (never quits)', 'back', 90),
    b('quit', 'q', 'back, and at the root quit', 'quit', 90),
    b('interrupt', 'C-c', 'quit at once'),
    b('next-pane', 'Tab', 'next pane'),
    b('previous-pane', 'S-Tab', 'previous pane'),
    b('zoom-pane', 'z', 'this pane over the full width, and back'),
    b('earlier', '[', 'earlier in time'),
    b('later', ']', 'later in time'),
    b('zoom-in', '+ =', 'shorter time range'),
    b('zoom-out', '-', 'longer time range'),
    b('live', '0', 'back to live'),
    b('copy', 'y', 'copy what is selected'),
    b('copy-command', 'Y', 'copy the command that shows the same'),
    b('redraw', 'C-l', 'draw the screen anew'),
    b('suspend', 'C-z', 'to the shell; fg comes back'),
  ],
  list: [
    b('up', 'k Up WheelUp', 'up'),
    b('down', 'j Down WheelDown', 'down'),
    b('page-up', 'PgUp', 'a page up'),
    b('page-down', 'PgDn', 'a page down'),
    b('half-up', 'C-u', 'half a page up'),
    b('half-down', 'C-d', 'half a page down'),
    b('top', 'g Home', 'to the first'),
    b('bottom', 'G End', 'to the last'),
    b('open', 'Enter', 'open what is selected', 'open', 1),
  ],
  subject: [
    b('to-logs', 'l', 'its logs at that time', 'logs', 10),
    b('to-traces', 't', 'its traces at that time', 'traces', 11),
    b('to-metrics', 'm', 'its metrics at that time', 'metrics', 12),
  ],
  page: [
    b('up', 'k Up WheelUp', 'up', 'scroll', 1),
    b('down', 'j Down WheelDown', 'down'),
    b('page-up', 'PgUp', 'a page up'),
    b('page-down', 'PgDn Space', 'a page down'),
    b('half-up', 'C-u', 'half a page up'),
    b('half-down', 'C-d', 'half a page down'),
    b('top', 'g Home', 'to the top'),
    b('bottom', 'G End', 'to the end'),
  ],
  overview: [b('explain', 'x', 'explain the selected alert', 'explain', 20)],
  alerts: [
    b('explain', 'x', 'explain: why it fires or not, and who was told', 'explain', 20),
    b('silence', 's', 'silence it (asks first)', 'silence', 21),
    b('all', 'a', 'with or without the inactive rules', 'inactive', 40),
    b('silences', 'i', 'the silences there are', 'silences', 41),
    b('history', 'h', 'every notification: who was told of what', 'history', 42),
    b('by-group', 'o', 'as notified: by group, with its receiver and next flush', 'groups', 39),
    b('silence-filter', 'f', 'silence what the filter names (asks first)'),
    b('sort:name', 'A', 'sort by alert'),
    b('sort:since', 'S', 'sort by since'),
    b('sort:value', 'V', 'sort by value'),
    b('sort:state', 'T', 'sort by state'),
  ],
  silences: [b('expire', 'd Delete', 'end the silence now (asks first)', 'end it', 2)],
  alert: [
    b('explain', 'x', 'explain: why it fires or not, and who was told', 'explain', 20),
    b('silence', 's', 'silence it (asks first)', 'silence', 21),
    b('open', 'Enter', 'its expression in metrics', 'query', 5),
    b('up', 'k Up WheelUp', 'scroll up'),
    b('down', 'j Down WheelDown', 'scroll down'),
  ],
  logs: [
    b('pause', 'Space', 'pause the stream, and go on', 'pause', 5),
    b('follow', 'f', 'follow the newest line', 'follow', 15),
    b('level', 'v', 'least level: all, info, warn, error', 'level', 16),
    b('service', 'o', 'service: all, then one by one', 'service', 17),
    b('service-back', 'O', 'service: the one before'),
    b('next-error', 'e', 'next error', 'next error', 18),
    b('previous-error', 'E', 'previous error'),
    b('to-traces', 't', 'the trace of this line', 'trace', 11),
    b('to-metrics', 'm', 'metrics of its service', 'metrics', 12),
    b('fields', 'w', 'with or without the fields of each line'),
  ],
  record: [
    b('up', 'k Up WheelUp', 'scroll up'),
    b('down', 'j Down WheelDown', 'scroll down'),
    b('page-up', 'PgUp C-u', 'a page up'),
    b('page-down', 'PgDn C-d', 'a page down'),
    b('top', 'g Home', 'to the first field'),
    b('bottom', 'G End', 'to the last field'),
    b('to-traces', 't Enter', 'its trace', 'trace', 2),
    b('to-logs', 'l', 'all logs of its trace', 'logs of the trace', 10),
    b('to-metrics', 'm', 'metrics of its service', 'metrics', 12),
    b('next-error', 'e', 'next record'),
    b('previous-error', 'E', 'previous record'),
  ],
  traces: [
    b('errors-only', 'v', 'only traces with errors, or all', 'errors only', 15),
    b('service', 'o', 'service: all, then one by one', 'service', 16),
    b('service-back', 'O', 'service: the one before'),
    b('slower', '>', 'only slower ones', 'slower', 18),
    b('faster', '<', 'also faster ones'),
    b('next-error', 'e', 'next trace with an error'),
    b('previous-error', 'E', 'previous trace with an error'),
    b('sort:start', 'T', 'sort by time'),
    b('sort:duration', 'D', 'sort by duration', 'by duration', 30),
    b('sort:spans', 'S', 'sort by spans'),
    b('sort:errors', 'R', 'sort by errors'),
  ],
  waterfall: [
    b('toggle', 'Enter Space', 'fold or unfold below this span', 'fold', 2),
    b('collapse', 'h Left', 'fold, or to the parent'),
    b('expand', 'Right', 'unfold'),
    b('fold-all', 'c', 'fold all, unfold all', 'fold all', 22),
    b('next-error', 'e', 'next span with an error', 'next error', 18),
    b('previous-error', 'E', 'previous span with an error'),
    b('critical-path', 'p', 'along the critical path only', 'critical path', 20),
    b('by-service', 'v', 'time by service, and where errors began', 'by service', 19),
    b('to-logs', 'l', 'the logs of this trace', 'logs', 10),
    b('to-metrics', 'm', 'metrics of its service', 'metrics', 12),
  ],
  metrics: [
    b('edit', 'i', 'edit the query', 'edit query', 2),
    b('browse', 'b', 'browse the metrics there are', 'browse', 3),
    b('open', 'Enter', 'query the selected metric, or edit', 'query', 4),
  ],
  chart: [
    b('left', 'h Left', 'chart cursor to the left'),
    b('right', 'Right', 'chart cursor to the right', 'cursor', 25),
    b('solo', 'Space', 'show or hide the selected series', 'show/hide', 20),
    b('sort:last', 'L', 'sort series by last'),
    b('sort:max', 'X', 'sort series by max'),
    b('sort:avg', 'A', 'sort series by avg'),
    b('to-logs', 'l', 'logs of that service and time', 'logs', 10),
    b('to-traces', 't', 'traces of that service and time', 'traces', 11),
  ],
  targets: [
    b('sort:job', 'J', 'sort by job'),
    b('sort:state', 'T', 'sort by state'),
    b('sort:scraped', 'L', 'sort by last scrape'),
    b('sort:duration', 'D', 'sort by duration', 'by duration', 30),
    b('sort:samples', 'S', 'sort by samples'),
    b('sort:added', 'A', 'sort by new series'),
    b('cardinality', 'c', 'what is stored, the biggest metrics first', 'cardinality', 31),
    b('dropped', 'i', 'discoveries, and the targets that relabelling dropped', 'discovery', 32),
  ],
  rules: [
    b('sort:name', 'A', 'sort by name'),
    b('sort:state', 'T', 'sort by state'),
    b('sort:evaluated', 'L', 'sort by last evaluation'),
    b('sort:duration', 'D', 'sort by duration', 'by duration', 30),
    b('explain', 'x', 'explain the rule', 'explain', 20),
  ],
  rule: [
    b('explain', 'x', 'explain the rule', 'explain', 20),
    b('open', 'Enter', 'its query in metrics', 'query', 5),
    b('up', 'k Up WheelUp', 'scroll up'),
    b('down', 'j Down WheelDown', 'scroll down'),
  ],
};

/** Never bound: tmux' prefixes, flow control, Backspace. */
export const FORBIDDEN_KEYS: readonly string[] = ['C-a', 'C-b', 'C-s', 'C-q', 'Backspace', 'C-h'];

export interface Keymap {
  /** The action of a key in these scopes, `global` included; undefined where it does nothing. */
  action(key: string, scopes: readonly Scope[]): string | undefined;
  /** What acts in these scopes, each scope's own bindings together; a key that a more particular scope took is left out. */
  acting(scopes: readonly Scope[]): readonly { readonly scope: Scope; readonly bindings: readonly Binding[] }[];
}

/**
 * The table with the person's own keys on top: `{"logs.pause": "p", "silence": ["S"]}`, by action, or scope and action.
 * Throws an Error with a sentence where a name is unknown, or a key is forbidden or taken twice in one scope.
 */
export function makeKeymap(remapped: Readonly<Record<string, string | readonly string[]>> = {}): Keymap {
  const table = new Map<Scope, readonly Binding[]>(Object.entries(BINDINGS) as [Scope, readonly Binding[]][]);
  for (const [name, keys] of Object.entries(remapped)) remap(table, name, typeof keys === 'string' ? [keys] : keys);
  for (const [scope, bindings] of table) {
    const seen = new Map<string, string>();
    for (const { action, keys } of bindings) {
      for (const key of keys) {
        const other = seen.get(key);
        if (other !== undefined)
          throw new Error(`keys: ${key} is both ${other} and ${action} in ${scope}; give one of them another key`);
        seen.set(key, action);
      }
    }
  }
  const order = (scopes: readonly Scope[]): Scope[] => [...new Set<Scope>([...scopes, 'global'])];
  return {
    action(key, scopes) {
      for (const scope of order(scopes)) {
        const found = table.get(scope)!.find((binding) => binding.keys.includes(key));
        if (found) return found.action;
      }
      return undefined;
    },
    acting(scopes) {
      const taken = new Set<string>();
      return order(scopes).map((scope) => {
        const bindings = table
          .get(scope)!
          .map((binding) => ({ ...binding, keys: binding.keys.filter((key) => !taken.has(key)) }))
          .filter((binding) => binding.keys.length > 0);
        for (const binding of bindings) for (const key of binding.keys) taken.add(key);
        return { scope, bindings };
      });
    },
  };
}

function remap(table: Map<Scope, readonly Binding[]>, name: string, keys: readonly string[]): void {
  const forbidden = keys.find((key) => FORBIDDEN_KEYS.includes(key));
  if (forbidden !== undefined)
    throw new Error(`keys: ${forbidden} cannot be used for ${name}: tmux, flow control or Backspace need it`);
  const [scopeName, own] = name.includes('.')
    ? [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)]
    : ['', name];
  let found = false;
  for (const [scope, bindings] of table) {
    if (scopeName !== '' && scope !== scopeName) continue;
    if (!bindings.some((binding) => binding.action === own)) continue;
    found = true;
    table.set(
      scope,
      bindings.map((binding) => (binding.action === own ? { ...binding, keys } : binding)),
    );
  }
  if (!found) throw new Error(`keys: there is no action ${name}; press ? to see what there is`);
}

/** How the help page and the footer write a key. */
export function keyLabel(key: string): string {
  if (key.startsWith('C-')) return `^${key.slice(2).toUpperCase()}`;
  return { 'S-Tab': 'Shift-Tab', Up: '↑', Down: '↓', Left: '←', Right: '→' }[key] ?? key;
}
