/**
 * Go's values as templates see them: their kinds, truth, type names and order.
 *
 * number = float64; bigint = int; string; boolean; null and undefined = nil; arrays = slices; Map and null-prototype
 * objects = maps; every other object = struct, of which the own properties with an upper-case first letter are fields
 * and the functions with an upper-case first letter are methods.
 */
import { compareBytes } from '../labels/compare.ts';

export type Kind = 'nil' | 'bool' | 'int' | 'float' | 'string' | 'slice' | 'map' | 'struct' | 'func';

/** A Go `map[string]string`: a missing key is the empty string. */
export class StringMap extends Map<string, string> {
  static readonly goType: string = 'map[string]string';
}

/** An integer with a name and a text of its own, as `time.Month` and `time.Duration`. */
export abstract class NamedInt {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }

  abstract String(): string;
}

/** A string of a type of its own, as `template.HTML`: text that is known to be safe in its context. */
export class SafeString {
  readonly content: 'html' | 'url';
  readonly text: string;

  constructor(content: 'html' | 'url', text: string) {
    this.content = content;
    this.text = text;
  }
}

export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'string';
    case 'function':
      return 'func';
  }
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'slice';
  if (value instanceof NamedInt) return 'int';
  if (value instanceof SafeString) return 'string';
  if (isGoFunction(value)) return 'func';
  return value instanceof Map || Object.getPrototypeOf(value) === null ? 'map' : 'struct';
}

export function isTrue(value: unknown): boolean {
  switch (kindOf(value)) {
    case 'nil':
      return false;
    case 'bool':
      return value as boolean;
    case 'int':
      return asInt(value) !== 0n;
    case 'float':
      return (value as number) !== 0;
    case 'string':
      return asString(value) !== '';
    case 'slice':
      return (value as unknown[]).length > 0;
    case 'map':
      return entriesOf(value as object).length > 0;
    default:
      return true;
  }
}

export function asInt(value: unknown): bigint {
  return value instanceof NamedInt ? value.value : (value as bigint);
}

export function asString(value: unknown): string {
  return value instanceof SafeString ? value.text : (value as string);
}

/** The Go type's name, as messages print it. */
export function typeName(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const named = (value.constructor as { readonly goType?: unknown } | undefined)?.goType;
    if (typeof named === 'string') return named;
  }
  switch (kindOf(value)) {
    case 'nil':
      return '<nil>';
    case 'int':
      return 'int';
    case 'float':
      return 'float64';
    case 'string':
      if (value instanceof SafeString) return value.content === 'html' ? 'template.HTML' : 'template.URL';
      return 'string';
    case 'slice': {
      const elements = value as unknown[];
      return elements.length > 0 && elements.every((each) => typeof each === 'string') ? '[]string' : '[]interface {}';
    }
    case 'map':
      return 'map[string]interface {}';
    case 'struct':
      return (value as object).constructor?.name ?? 'struct {}';
    case 'func':
      return 'func()';
    case 'bool':
      return 'bool';
  }
}

/** Keys and values in the order in which Go prints and ranges over a map: by key. */
export function entriesOf(map: object): [unknown, unknown][] {
  const entries: [unknown, unknown][] = map instanceof Map ? [...map] : Object.entries(map);
  return entries.sort(([a], [b]) => compareKeys(a, b));
}

/** The value of a key; `undefined` as second where there is none, with the zero of the map's element type. */
export function mapEntry(map: object, key: unknown): { readonly found: boolean; readonly value: unknown } {
  if (map instanceof Map) {
    if (map.has(key)) return { found: true, value: map.get(key) };
    return { found: false, value: zeroOf(map) };
  }
  if (typeof key === 'string' && Object.hasOwn(map, key)) {
    return { found: true, value: (map as Record<string, unknown>)[key] };
  }
  return { found: false, value: undefined };
}

/** What a key that is not there has: a map of nothing but strings is one to strings. */
function zeroOf(map: ReadonlyMap<unknown, unknown>): unknown {
  if (map instanceof StringMap) return '';
  for (const value of map.values()) if (typeof value !== 'string') return undefined;
  return '';
}

/** Field or method of a struct (or method of a map or slice); undefined where there is none. Never reaches what JavaScript itself puts on objects. */
export function memberOf(value: object, name: string): { readonly value: unknown } | undefined {
  if (!/^\p{Lu}/u.test(name)) return undefined;
  for (
    let holder: object | null = value;
    holder !== null && !ROOTS.has(holder);
    holder = Object.getPrototypeOf(holder)
  ) {
    if (Object.hasOwn(holder, name)) return { value: (value as Record<string, unknown>)[name] };
  }
  return undefined;
}

/** Names of a struct's fields in order of declaration. */
export function fieldsOf(value: object): string[] {
  return Object.keys(value).filter(
    (name) => /^\p{Lu}/u.test(name) && typeof (value as Record<string, unknown>)[name] !== 'function',
  );
}

/** The text of a value that prints itself (Go's `fmt.Stringer`, and `error`); undefined for others. */
export function stringerText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const member = memberOf(value, 'String');
  return typeof member?.value === 'function' ? String(member.value.call(value)) : undefined;
}

const ROOTS = new Set<object>([Object.prototype, Array.prototype, Map.prototype]);

/** A parameter's type: its name in messages, and what it takes. */
export interface ParameterType<T> {
  readonly name: string;
  /** The literal that may stand for it: a constant like `1` may be an int or a float by the parameter. */
  readonly literal?: 'string' | 'int' | 'float' | 'bool' | undefined;
  /** Whether nil may be passed, which arrives as undefined. */
  readonly nilable: boolean;
  accepts(value: unknown): value is T;
}

/** A function that templates call. What it throws becomes `error calling NAME: …`. */
export interface GoFunction {
  readonly parameters: readonly ParameterType<unknown>[];
  /** The type of any number of further arguments. */
  readonly rest?: ParameterType<unknown> | undefined;
  call(args: readonly unknown[]): unknown;
}

function parameterType<T>(
  name: string,
  accepts: (value: unknown) => value is T,
  options: { readonly literal?: ParameterType<T>['literal']; readonly nilable?: boolean } = {},
): ParameterType<T> {
  return { name, accepts, literal: options.literal, nilable: options.nilable ?? false };
}

export const ANY: ParameterType<unknown> = parameterType('interface {}', (_): _ is unknown => true, {
  nilable: true,
});
export const STRING = parameterType('string', (value) => typeof value === 'string', { literal: 'string' });
export const STRINGS = parameterType(
  '[]string',
  (value): value is readonly string[] => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  { nilable: true },
);
export const SLICE = parameterType('[]interface {}', (value): value is readonly unknown[] => Array.isArray(value), {
  nilable: true,
});

/** A function of fixed parameters. */
export function goFunction<P extends readonly unknown[]>(
  parameters: { readonly [K in keyof P]: ParameterType<P[K]> },
  call: (...args: P) => unknown,
): GoFunction {
  return { parameters, call: (args) => call(...(args as unknown as P)) };
}

/** A function whose last parameter may be there any number of times. */
export function variadicFunction<P extends readonly unknown[], R>(
  parameters: { readonly [K in keyof P]: ParameterType<P[K]> },
  rest: ParameterType<R>,
  call: (...args: [...P, ...R[]]) => unknown,
): GoFunction {
  return { parameters, rest, call: (args) => call(...(args as unknown as [...P, ...R[]])) };
}

export function isGoFunction(value: unknown): value is GoFunction {
  return typeof value === 'object' && value !== null && 'parameters' in value && 'call' in value;
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareBytes(String(a), String(b));
}
