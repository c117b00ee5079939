/** Values of a configuration, and how go-yaml writes them. */

/** A text is written as it is: quoted already where it must be. */
export type Tree = string | readonly Tree[] | ReadonlyMap<string, Tree> | Flow;

/** A list that is written on one line. */
export class Flow {
  readonly items: readonly string[];

  constructor(items: readonly string[]) {
    this.items = items;
  }
}

/** Lists stand no further in than the key that they belong to. */
export function writeYaml(tree: ReadonlyMap<string, Tree>): string {
  return [...tree].flatMap(([key, value]) => entryLines(key, value)).join('');
}

function entryLines(key: string, value: Tree, indent = ''): string[] {
  if (typeof value === 'string') return [`${indent}${key}: ${value.replaceAll('\n', `\n${indent}  `)}\n`];
  if (value instanceof Flow) return [`${indent}${key}: [${value.items.join(', ')}]\n`];
  if (value instanceof Map) {
    if (value.size === 0) return [`${indent}${key}: {}\n`];
    return [`${indent}${key}:\n`, ...mapLines(value, `${indent}  `)];
  }
  const items = value as readonly Tree[];
  if (items.length === 0) return [`${indent}${key}: []\n`];
  return [`${indent}${key}:\n`, ...items.flatMap((item) => itemLines(item, indent))];
}

function itemLines(item: Tree, indent: string): string[] {
  if (typeof item === 'string') return [`${indent}- ${item.replaceAll('\n', `\n${indent}  `)}\n`];
  if (!(item instanceof Map)) return [`${indent}- ${JSON.stringify(item)}\n`];
  if (item.size === 0) return [`${indent}- {}\n`];
  const [first, ...rest] = mapLines(item, `${indent}  `);
  return [`${indent}- ${first!.slice(indent.length + 2)}`, ...rest];
}

function mapLines(map: ReadonlyMap<string, Tree>, indent: string): string[] {
  return [...map].flatMap(([key, value]) => entryLines(key, value, indent));
}

/** What would be read as something else than a text without quotes. */
const RESOLVED =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:\d[\d_]*)?\.?[\d_]*(?:[eE][-+]?\d+)?|[-+]?0[xob][\da-fA-F_]+|\d{4}-\d\d?-\d\d?.*|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?)$/;
const UNPLAIN = /^[\s,[\]{}#&*!|>'"%@`]|^[-?:](?:\s|$)|: |:$| #|\s$/;

/** A text as go-yaml writes it, quoted where it would be taken for something else. */
export function yamlText(text: string): string {
  if (/[\x00-\x09\x0b-\x1f\x7f\u0085\u2028\u2029\ufeff]/.test(text)) return JSON.stringify(text);
  if (text.includes('\n')) {
    if (/^\s/.test(text)) return JSON.stringify(text);
    const end = /\n\n$/.test(text) ? '+' : text.endsWith('\n') ? '' : '-';
    return `|${end}\n${text.replace(/\n$/, '')}`;
  }
  if (text === '' || RESOLVED.test(text)) return JSON.stringify(text);
  return UNPLAIN.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
}
