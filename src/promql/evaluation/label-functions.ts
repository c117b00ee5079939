/** `label_replace` and `label_join`: once per series, whatever the steps. */
import type { RE2JS } from 're2js';
import { METRIC_NAME, quote } from '../../labels/labels.ts';
import { compileRe2, RegexpError } from '../../labels/regexp.ts';
import type { Expression, StringLiteral } from '../expression.ts';
import { hasStrayBytes } from '../go-string.ts';
import { QueryError } from '../result.ts';
import type { Evaluator } from './evaluator.ts';
import { mergeRows, type Row } from './row.ts';

export async function labelReplace(evaluator: Evaluator, args: readonly Expression[]): Promise<Row[]> {
  const [target, replacement, source, pattern] = args.slice(1).map(text) as [string, string, string, string];
  const regexp = compile(pattern);
  checkLabelName(target, 'destination label name in label_replace()');
  const rows = await evaluator.wholeRows(args[0]!);
  const replaced = new Map<string, string | undefined>();
  // Series that differ still do with one label more, unless it is the one that says which of them get it.
  let mayBeEqual = source === target;
  for (const row of rows) {
    const value = row.labels.get(source);
    if (!replaced.has(value)) replaced.set(value, replace(regexp, value, replacement));
    const result = replaced.get(value);
    if (result === undefined) continue;
    mayBeEqual ||= row.labels.has(target);
    setLabel(row, target, result);
  }
  return mayBeEqual ? mergeRows(rows, 'by-kind') : rows;
}

export async function labelJoin(evaluator: Evaluator, args: readonly Expression[]): Promise<Row[]> {
  const [target, separator, ...sources] = args.slice(1).map(text) as [string, string, ...string[]];
  for (const source of sources) checkLabelName(source, 'source label name in label_join()');
  checkLabelName(target, 'destination label name in label_join()');
  const rows = await evaluator.wholeRows(args[0]!);
  for (const row of rows) setLabel(row, target, sources.map((source) => row.labels.get(source)).join(separator));
  return mergeRows(rows, 'by-kind');
}

/** Any UTF-8 but the empty string. */
export function isLabelName(name: string): boolean {
  return name !== '' && !hasStrayBytes(name);
}

function setLabel(row: Row, name: string, value: string): void {
  row.labels = row.labels.with(name, value);
  if (name === METRIC_NAME) row.dropName = false;
}

function text(expression: Expression): string {
  return (expression as StringLiteral).value;
}

function compile(pattern: string): RE2JS {
  try {
    return compileRe2(`^(?s:${pattern})$`, pattern);
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error;
    throw new QueryError('execution', `invalid regular expression in label_replace(): ${pattern}`);
  }
}

function checkLabelName(name: string, what: string): void {
  if (!isLabelName(name))
    throw new QueryError('execution', `invalid ${what}: ${hasStrayBytes(name) ? quote(name) : name}`);
}

/** Undefined where the pattern does not match. `$1`, `${1}`, `$name` and `$$` as Go's `Regexp.Expand` reads them. */
function replace(regexp: RE2JS, value: string, template: string): string | undefined {
  const matcher = regexp.matcher(value);
  if (!matcher.matches()) return undefined;
  const names = regexp.namedGroups();
  return template.replace(/\$(?:\$|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === '$$') return '$';
    const name = bare ?? braced!;
    const index = /^[0-9]+$/.test(name) ? Number(name) : names[name];
    if (index === undefined || index > matcher.groupCount()) return '';
    return matcher.group(index) ?? '';
  });
}
