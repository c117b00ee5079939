/** The functions that every Go template has, with Go's rules for kinds and Go's error texts. */
import { compareBytes } from '../labels/compare.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';
import { sprint, sprintf, sprintln } from './format.ts';
import {
  ANY,
  asInt,
  asString,
  entriesOf,
  type GoFunction,
  goFunction,
  isTrue,
  kindOf,
  mapEntry,
  STRING,
  typeName,
  variadicFunction,
} from './values.ts';

/** `and`, `or` and `call` are not here: the executor treats them itself. */
export const BUILTINS: ReadonlyMap<string, GoFunction> = new Map<string, GoFunction>([
  ['not', goFunction([ANY], (value) => !isTrue(value))],
  ['index', variadicFunction([ANY], ANY, index)],
  ['slice', variadicFunction([ANY], ANY, slice)],
  ['len', goFunction([ANY], length)],
  ['print', variadicFunction([], ANY, (...args) => sprint(args))],
  ['printf', variadicFunction([STRING], ANY, (format, ...args) => sprintf(format, args))],
  ['println', variadicFunction([], ANY, (...args) => sprintln(args))],
  ['html', variadicFunction([], ANY, (...args) => escapeHtml(printedText(args)))],
  ['js', variadicFunction([], ANY, (...args) => escapeJs(printedText(args)))],
  ['urlquery', variadicFunction([], ANY, (...args) => escapeQuery(printedText(args)))],
  ['eq', variadicFunction([ANY], ANY, equal)],
  ['ne', goFunction([ANY, ANY], (a, b) => !equal(a, b))],
  ['lt', goFunction([ANY, ANY], less)],
  ['le', goFunction([ANY, ANY], lessOrEqual)],
  ['gt', goFunction([ANY, ANY], (a, b) => !lessOrEqual(a, b))],
  ['ge', goFunction([ANY, ANY], (a, b) => !less(a, b))],
]);

/** The arguments of `html`, `js` and `urlquery` as an action would print them. */
export function printedText(args: readonly unknown[]): string {
  return sprint(args.map((arg) => (kindOf(arg) === 'nil' ? '<no value>' : arg)));
}

function index(item: unknown, ...indexes: unknown[]): unknown {
  if (kindOf(item) === 'nil') throw new Error('index of untyped nil');
  let current = item;
  for (const key of indexes) {
    switch (kindOf(current)) {
      case 'slice': {
        const elements = current as unknown[];
        current = elements[elementIndex(key, elements.length, elements.length - 1)];
        break;
      }
      case 'string': {
        const bytes = Buffer.from(asString(current));
        current = BigInt(bytes[elementIndex(key, bytes.length, bytes.length - 1)]!);
        break;
      }
      case 'map':
        if (typeof key !== 'string' && !(current instanceof Map && current.has(key))) {
          if (kindOf(key) === 'nil') throw new Error('value is nil; should be of type string');
          throw new Error(`value has type ${typeName(key)}; should be string`);
        }
        current = mapEntry(current as object, key).value;
        break;
      case 'nil':
        throw new Error('index of nil pointer');
      default:
        throw new Error(`can't index item of type ${typeName(current)}`);
    }
  }
  return current;
}

/** Go lets `index` take the length itself through its own check, and then panics with the second text. */
function elementIndex(key: unknown, length: number, last: number): number {
  const kind = kindOf(key);
  if (kind === 'nil') throw new Error('cannot index slice/array with nil');
  if (kind !== 'int') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
  const at = asInt(key);
  if (at < 0n || at > BigInt(length)) throw new Error(`index out of range: ${at}`);
  if (at > BigInt(last)) throw new Error('reflect: slice index out of range');
  return Number(at);
}

function slice(item: unknown, ...indexes: unknown[]): unknown {
  const kind = kindOf(item);
  if (kind === 'nil') throw new Error('slice of untyped nil');
  if (indexes.length > 3) throw new Error(`too many slice indexes: ${indexes.length}`);
  if (kind === 'string' && indexes.length === 3) throw new Error('cannot 3-index slice a string');
  if (kind !== 'string' && kind !== 'slice') throw new Error(`can't slice item of type ${typeName(item)}`);
  const whole = kind === 'string' ? Buffer.from(asString(item)) : (item as unknown[]);
  const [from = 0, to = whole.length, capacity = whole.length] = indexes.map((each) =>
    elementIndex(each, whole.length, whole.length),
  );
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  if (to > capacity) throw new Error(`invalid slice index: ${to} > ${capacity}`);
  return Array.isArray(whole) ? whole.slice(from, to) : whole.subarray(from, to).toString('utf8');
}

function length(item: unknown): bigint {
  switch (kindOf(item)) {
    case 'slice':
      return BigInt((item as unknown[]).length);
    case 'map':
      return BigInt(entriesOf(item as object).length);
    case 'string':
      return BigInt(Buffer.byteLength(asString(item)));
    case 'nil':
      throw new Error('len of nil pointer');
    default:
      throw new Error(`len of type ${typeName(item)}`);
  }
}

function equal(first: unknown, ...others: unknown[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((other) => equalPair(first, other));
}

const BASIC = new Set(['bool', 'int', 'float', 'string']);

function equalPair(a: unknown, b: unknown): boolean {
  const left = kindOf(a);
  const right = kindOf(b);
  if (left === 'nil' || right === 'nil') return left === right;
  if (BASIC.has(left) || BASIC.has(right)) {
    if (left !== right) throw incompatible(a, b);
    if (left === 'int') return asInt(a) === asInt(b);
    return left === 'string' ? asString(a) === asString(b) : a === b;
  }
  if (left !== right)
    throw new Error(`non-comparable types ${sprint([a])}: ${typeName(a)}, ${typeName(b)}: ${sprint([b])}`);
  if (left !== 'struct') throw new Error(`non-comparable type ${sprint([b])}: ${typeName(b)}`);
  return a === b;
}

function less(a: unknown, b: unknown): boolean {
  const left = kindOf(a);
  const right = kindOf(b);
  if (!BASIC.has(left) || !BASIC.has(right)) throw new Error('invalid type for comparison');
  if (left !== right) throw incompatible(a, b);
  switch (left) {
    case 'int':
      return asInt(a) < asInt(b);
    case 'float':
      return (a as number) < (b as number);
    case 'string':
      return compareBytes(asString(a), asString(b)) < 0;
    default:
      throw new Error('invalid type for comparison');
  }
}

function lessOrEqual(a: unknown, b: unknown): boolean {
  return less(a, b) || equal(a, b);
}

function incompatible(a: unknown, b: unknown): Error {
  return new Error(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}
