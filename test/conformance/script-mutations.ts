/** Changes one expectation of a test script at a time, each so that the eval must fail. */

export interface Mutation {
  readonly kind: string;
  /** The line, from 1, on which the eval starts. */
  readonly line: number;
  /** The loads before the eval and the eval, changed, all on the lines where they were. */
  readonly text: string;
}

/** A line's place, from 0, and what stands there instead: a text, two lines, or nothing. */
type Edit = readonly [kind: string, at: number, lines: readonly string[]];

export function* mutations(script: string): Generator<Mutation> {
  const lines = script.split('\n');
  let loads: number[] = [];
  for (let at = 0; at < lines.length; ) {
    const start = at++;
    const text = lines[start]!.trim();
    if (text === 'clear') loads = [];
    if (!/^(load|eval)/.test(text)) continue;
    const body: number[] = [];
    while (at < lines.length && !/^\s*(#|$)/.test(lines[at]!)) body.push(at++);
    if (text.startsWith('load')) loads.push(start, ...body);
    else for (const edit of edits(lines, start, body)) yield apply(lines, loads, [start, ...body], edit);
  }
}

function apply(lines: readonly string[], loads: readonly number[], own: readonly number[], edit: Edit): Mutation {
  const [kind, changed, into] = edit;
  const kept = new Set([...loads, ...own]);
  const out: string[] = [];
  for (let at = 0; at <= own.at(-1)!; at++) {
    if (at === changed) out.push(...into);
    else out.push(kept.has(at) ? lines[at]! : '');
  }
  return { kind, line: own[0]! + 1, text: out.join('\n') };
}

function* edits(lines: readonly string[], start: number, body: readonly number[]): Generator<Edit> {
  const head = lines[start]!;
  const isRange = /^\s*eval\w*\s+range/.test(head);
  let fails = /^\s*eval_fail/.test(head);
  let isEmpty = true;
  for (const at of body) {
    const text = lines[at]!.trim();
    const expectation = /^expect(?:ed_fail)?[\s_]+(\w+)/.exec(text);
    if (expectation) {
      fails ||= text.includes('fail');
      isEmpty &&= !/^(ordered|string|range)$/.test(expectation[1]!);
      yield* expectEdits(at, text, expectation[1]!);
    } else {
      isEmpty = false;
      if (/^[^\s{]+$/.test(text)) yield* scalarEdits(at, text);
      else yield* seriesEdits(at, text, isRange);
    }
  }
  if (fails) return;
  yield ['a failure expected', start, [head, 'expect fail']];
  if (isEmpty) yield ['a series expected', start, [head, '{no="such"} 1']];
}

function* expectEdits(at: number, text: string, what: string): Generator<Edit> {
  switch (what) {
    case 'fail':
    case 'message':
    case 'regexp':
      if (/msg:|regex:|message|regexp/.test(text)) yield ['another error', at, [`${text}qx`]];
      else yield ['a text of an error', at, [`${text} msg: qx`]];
      if (text.startsWith('expect ')) yield ['no failure expected', at, []];
      return;
    case 'warn':
    case 'info':
      yield [`no ${what} expected`, at, [`expect no_${what}`]];
      yield [`another ${what}`, at, [/msg:|regex:/.test(text) ? `${text}qx` : `${text} msg: qx`]];
      return;
    case 'no_warn':
    case 'no_info':
      yield [`${what.slice(3)} expected`, at, [`expect ${what.slice(3)}`]];
      return;
    case 'string':
      yield ['another string', at, ['expect string "qx"']];
  }
}

function* scalarEdits(at: number, text: string): Generator<Edit> {
  yield ['another scalar', at, [otherNumber(text)]];
  yield ['a vector for a scalar', at, [`{} ${text}`]];
  yield ['a string for a scalar', at, [`expect string "${text}"`]];
}

function* seriesEdits(at: number, text: string, isRange: boolean): Generator<Edit> {
  const [, name = '', braces = '', values = ''] =
    /^([a-zA-Z_:][\w:]*)?(\s*\{(?!\{)(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`)*\})?(.*)$/.exec(text)!;
  const inner = braces.trim().replace(/^\{|,?\s*\}$/g, '');
  yield ['a series too few', at, []];
  yield ['a series too many', at, [text, `qx_${values}`]];
  yield ['another label', at, [`${name}{${inner}${inner === '' ? '' : ', '}qx="1"}${values}`]];
  yield ['another name', at, [name === '' ? `qx${braces}${values}` : `${name}_qx${braces}${values}`]];
  yield ['a value too many', at, [`${text} 1`]];
  const items = values.match(/(?:\{\{[^{}]*\}\}|\S)+/g) ?? [];
  for (const [i, item] of items.slice(0, 4).entries()) {
    for (const [kind, changed] of itemEdits(item, isRange)) {
      yield [kind, at, [`${name}${braces} ${[...items.slice(0, i), changed, ...items.slice(i + 1)].join(' ')}`]];
    }
  }
}

function* itemEdits(item: string, isRange: boolean): Generator<readonly [kind: string, changed: string]> {
  const gap = /^_(.*)$/.exec(item);
  if (gap) {
    yield ['a value in a gap', `1${gap[1]}`];
    return;
  }
  const histogram = /^\{\{([^{}]*)\}\}(?:[+-]\{\{[^{}]*\}\})?(.*)$/.exec(item);
  if (histogram) {
    yield ['a float for a histogram', `1${histogram[2]}`];
    for (const [kind, changed] of histogramEdits(histogram[1]!)) {
      yield [kind, `{{${changed}}}${item.slice(histogram[1]!.length + 4)}`];
    }
    return;
  }
  const [, number, rest] = /^([+-]?(?:inf|nan|[0-9.]+(?:e[+-]?\d+)?))(.*)$/i.exec(item) ?? [];
  if (number === undefined) return;
  yield ['another value', `${otherNumber(number)}${rest}`];
  if (rest !== '') return;
  yield [/nan/i.test(number) ? 'a stale marker for NaN' : 'NaN for a value', /nan/i.test(number) ? 'stale' : 'NaN'];
  yield ['a histogram for a float', '{{}}'];
  if (isRange) yield ['a gap for a value', '_'];
}

function* histogramEdits(fields: string): Generator<readonly [kind: string, changed: string]> {
  for (const field of ['count', 'sum', 'z_bucket', 'z_bucket_w']) {
    const pattern = new RegExp(`(^|\\s)${field}:(\\S+)`);
    const value = pattern.exec(fields)?.[2];
    yield [
      `another ${field}`,
      value ? fields.replace(pattern, `$1${field}:${otherNumber(value)}`) : `${fields} ${field}:3`,
    ];
  }
  for (const field of ['buckets', 'n_buckets', 'custom_values']) {
    const pattern = new RegExp(`(^|\\s)${field}:\\[\\s*([^\\s\\]]+)`);
    const value = pattern.exec(fields)?.[2];
    if (value) yield [`another value of ${field}`, fields.replace(pattern, `$1${field}:[${otherNumber(value)}`)];
  }
  const schema = /schema:(-?[0-8])(?=\s|$)/.exec(fields)?.[1];
  if (schema)
    yield ['another schema', fields.replace(`schema:${schema}`, `schema:${schema === '8' ? 7 : Number(schema) + 1}`)];
  const hint = /counter_reset_hint:(\w+)/.exec(fields)?.[1];
  if (hint) yield ['another hint', fields.replace(hint, hint === 'gauge' ? 'reset' : 'gauge')];
}

/** Off by somewhat more than the tolerance of one in a million. */
function otherNumber(text: string): string {
  const number = Number(text);
  if (!Number.isFinite(number)) return '5';
  return number === 0 ? '1e-300' : String(number * (1 - 4e-6));
}
