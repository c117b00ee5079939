/**
 * A small typed schema over YAML values with the strictness of Go's `yaml.UnmarshalStrict`: unknown and repeated fields and wrong types are
 * problems with their place, and null stands for the zero value of its type. A type reports what is wrong to the Reading and answers FAILED;
 * what contains it goes on with its other parts, so that one reading finds as many problems as it can, and fails as a whole.
 */
import { adviseName } from './nearest-name.ts';
import type { SourcePlace } from './prometheus-config.ts';
import { FAILED, type Failed, type Reading } from './reading.ts';
import type { YamlEntry, YamlMap, YamlValue } from './yaml-reader.ts';
import { isNull, meaningOf, tagFault } from './yaml-scalar.ts';

export { FAILED, type Failed, Reading } from './reading.ts';

export interface Type<T> {
  /** As Go names it in messages, e.g. `string`, `[]string`, `config.ScrapeConfig`. */
  readonly name: string;
  /** What null stands for. */
  readonly zero: T;
  /** `value` is never null. */
  read(value: YamlValue, reading: Reading): T | Failed;
}

export function decode<T>(type: Type<T>, value: YamlValue, reading: Reading): T | Failed {
  if (!reading.step(value.place)) return FAILED;
  if (value.kind !== 'scalar') return type.read(value, reading);
  const fault = tagFault(value);
  if (fault) return reading.fail(value.place, fault);
  return isNull(value) ? type.zero : type.read(value, reading);
}

export const text: Type<string> = {
  name: 'string',
  zero: '',
  read: (value, reading) => readText(value, 'string', reading),
};

export const boolean: Type<boolean> = {
  name: 'bool',
  zero: false,
  read(value, reading) {
    const meaning = value.kind === 'scalar' ? meaningOf(value) : undefined;
    return meaning?.tag === '!!bool' ? meaning.value : wrongType(value, 'bool', reading);
  },
};

export const float: Type<number> = {
  name: 'float64',
  zero: 0,
  read(value, reading) {
    const meaning = value.kind === 'scalar' ? meaningOf(value) : undefined;
    if (meaning?.tag === '!!int' || meaning?.tag === '!!float') return Number(meaning.value);
    return wrongType(value, 'float64', reading);
  },
};

/** As go-yaml, a fraction is cut off, and a fraction below the least is let through as the least. */
export const integer = integerType('int', -(2n ** 63n), 2n ** 63n - 1n);
export const unsigned = integerType('uint', 0n, 2n ** 64n - 1n);

function integerType(name: string, least: bigint, most: bigint): Type<number> {
  return {
    name,
    zero: 0,
    read(value, reading) {
      const meaning = value.kind === 'scalar' ? meaningOf(value) : undefined;
      if (meaning?.tag === '!!int' && meaning.value >= least && meaning.value <= most) return Number(meaning.value);
      if (meaning?.tag === '!!float' && meaning.value <= Number(most)) {
        return Math.max(Number(least), Math.trunc(meaning.value));
      }
      return wrongType(value, name, reading);
    },
  };
}

/** A text that a function turns into something; what the function throws is the problem. */
export function parsed<T>(name: string, zero: T, parse: (text: string) => T): Type<T> {
  return {
    name,
    zero,
    read(value, reading) {
      const read = readText(value, name, reading);
      if (read === FAILED) return FAILED;
      try {
        return parse(read);
      } catch (error) {
        return reading.fail(value.place, (error as Error).message);
      }
    },
  };
}

/** Null and the absent are one: for pointers and for texts whose emptiness means "not set". */
export function optional<T>(type: Type<T>): Type<T | undefined> {
  return { name: type.name, zero: undefined, read: (value, reading) => type.read(value, reading) };
}

/** Null stands for no list; an element that is null for the element's zero. */
export function list<T>(element: Type<T>): Type<readonly T[] | undefined> {
  const name = `[]${element.name}`;
  return {
    name,
    zero: undefined,
    read(value, reading) {
      if (value.kind !== 'list') return wrongType(value, name, reading);
      const items = value.items.map((item) => decode(element, item, reading));
      return items.includes(FAILED) ? FAILED : (items as T[]);
    },
  };
}

/** A list with the place of each element. */
export function placedList<T>(element: Type<T>): Type<readonly { value: T; place: SourcePlace }[] | undefined> {
  return list({
    name: element.name,
    zero: { value: element.zero, place: { file: '', line: 1, column: 1 } },
    read: (value, reading) => {
      const item = element.read(value, reading);
      return item === FAILED ? FAILED : { value: item, place: value.place };
    },
  });
}

export type Mapping<T> = readonly {
  readonly key: string;
  readonly value: T;
  /** Of the key. */
  readonly place: SourcePlace;
  readonly valuePlace: SourcePlace;
}[];

/** A map with free keys, in the order written. */
export function mapping<T>(
  element: Type<T>,
  checkKey?: (key: string) => string | undefined,
): Type<Mapping<T> | undefined> {
  const name = `map[string]${element.name}`;
  return {
    name,
    zero: undefined,
    read(value, reading) {
      if (value.kind !== 'map') return wrongType(value, name, reading, 'write its fields here, one a line');
      const found: Mapping<T>[number][] = [];
      let failed = false;
      for (const entry of keptEntries(value, reading)) {
        const key = readKey(entry, reading);
        const read = decode(element, entry.value, reading);
        if (key === FAILED || read === FAILED) {
          failed = true;
          continue;
        }
        const fault = checkKey?.(key);
        if (fault !== undefined) {
          failed = true;
          reading.fail(entry.key.place, fault);
        } else if (found.some((each) => each.key === key)) {
          failed = true;
          reading.fail(entry.key.place, `key ${JSON.stringify(key)} already set in map: remove one of the two`);
        } else found.push({ key, value: read, place: entry.key.place, valuePlace: entry.value.place });
      }
      return failed ? FAILED : found;
    },
  };
}

export function toRecord<T>(entries: Mapping<T> | undefined): Record<string, T> {
  const record: Record<string, T> = Object.create(null);
  for (const { key, value } of entries ?? []) record[key] = value;
  return record;
}

export interface Field<T> {
  readonly type: Type<T>;
  /** What the field is where the file does not name it. */
  readonly absent: T;
}

export function field<T>(type: Type<T>, absent: T = type.zero): Field<T> {
  return { type, absent };
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Raw<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** What a structure's own rules see of the text. */
export class StructPlace {
  readonly place: SourcePlace;
  readonly reading: Reading;
  readonly #entries: ReadonlyMap<string, YamlEntry>;
  failed = false;

  constructor(place: SourcePlace, reading: Reading, entries: ReadonlyMap<string, YamlEntry>) {
    this.place = place;
    this.reading = reading;
    this.#entries = entries;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Of the field's value; of the structure where the field is missing. */
  of(name: string): SourcePlace {
    return this.#entries.get(name)?.value.place ?? this.place;
  }

  /** Of the field's name; of the structure where the field is missing. */
  keyOf(name: string): SourcePlace {
    return this.#entries.get(name)?.key.place ?? this.place;
  }

  /** The place of an element of a list field. */
  item(name: string, index: number): SourcePlace {
    const value = this.#entries.get(name)?.value;
    return (value?.kind === 'list' ? value.items[index]?.place : undefined) ?? this.of(name);
  }

  /** A problem at the first of these fields that the text names (or at a place). */
  fail(at: string | SourcePlace, message: string): void {
    this.failed = true;
    this.reading.fail(typeof at === 'string' ? this.of(at) : at, message);
  }

  warn(at: string | SourcePlace, message: string): void {
    this.reading.warn(typeof at === 'string' ? this.of(at) : at, message);
  }
}

/** A structure with fixed fields. `finish` applies its rules and makes the value; it runs only where all fields were read. */
export function struct<F extends Fields, T>(
  name: string,
  fields: F,
  finish: (raw: Raw<F>, at: StructPlace) => T,
): Type<T | undefined> {
  return {
    name,
    zero: undefined,
    read(value, reading) {
      if (value.kind !== 'map') return wrongType(value, name, reading, 'write its fields here, one a line');
      const entries = structEntries(value, name, fields, reading);
      const raw: Record<string, unknown> = {};
      let failed = entries === FAILED;
      const known = entries === FAILED ? new Map<string, YamlEntry>() : entries;
      for (const [fieldName, { type, absent }] of Object.entries(fields)) {
        const entry = known.get(fieldName);
        const read = entry === undefined ? absent : decode(type, entry.value, reading);
        if (read === FAILED) failed = true;
        raw[fieldName] = read;
      }
      if (failed) return FAILED;
      const at = new StructPlace(value.place, reading, known);
      const made = finish(raw as Raw<F>, at);
      return at.failed ? FAILED : made;
    },
  };
}

/** A structure without rules: its fields as read. */
export function plainStruct<F extends Fields>(name: string, fields: F): Type<Raw<F> | undefined> {
  return struct(name, fields, (raw) => raw);
}

/** `advice` is for a type whose name does not tell what to write. */
export function wrongType(value: YamlValue, type: string, reading: Reading, advice = wanted(type)): Failed {
  if (value.kind === 'map') return reading.fail(value.place, `cannot unmarshal !!map into ${type}: ${advice}`);
  if (value.kind === 'list') return reading.fail(value.place, `cannot unmarshal !!seq into ${type}: ${advice}`);
  const shown = value.text.length > 10 ? `${value.text.slice(0, 7)}...` : value.text;
  const tag = value.tag ?? meaningOf(value).tag;
  return reading.fail(value.place, `cannot unmarshal ${tag} \`${shown}\` into ${type}: ${advice}`);
}

/** The text of any scalar, as go-yaml hands it to a string. */
export function readText(value: YamlValue, type: string, reading: Reading): string | Failed {
  if (value.kind !== 'scalar') return wrongType(value, type, reading);
  if (value.tag !== '!!binary') return value.text;
  const meaning = meaningOf(value);
  if (meaning.tag === '!!binary' && meaning.value !== undefined) return meaning.value;
  return reading.fail(value.place, '!!binary value contains invalid base64 data: encode it again, or drop the tag');
}

function structEntries(
  value: YamlMap,
  name: string,
  fields: Fields,
  reading: Reading,
): Map<string, YamlEntry> | Failed {
  const entries = new Map<string, YamlEntry>();
  let failed = false;
  for (const entry of keptEntries(value, reading)) {
    const key = readKey(entry, reading);
    if (key === FAILED) failed = true;
    else if (!Object.hasOwn(fields, key)) {
      const message = `field ${key} not found in type ${name}: ${adviseName(key, Object.keys(fields))}`;
      if (reading.ignoresUnknownFields) reading.warn(entry.key.place, message);
      else failed = reading.fail(entry.key.place, message) === FAILED;
    } else if (entries.has(key) && !entry.merged && !entries.get(key)!.merged) {
      failed = true;
      reading.fail(entry.key.place, `field ${key} already set in type ${name}: remove one of the two`);
    } else if (!entries.has(key) || !entry.merged) entries.set(key, entry);
  }
  return failed ? FAILED : entries;
}

function keptEntries(value: YamlMap, reading: Reading): readonly YamlEntry[] {
  return reading.ignoresNullKeys ? value.entries.filter(({ key }) => !isNullKey(key)) : value.entries;
}

function isNullKey(key: YamlValue): boolean {
  return key.kind === 'scalar' && isNull(key);
}

function readKey({ key }: YamlEntry, reading: Reading): string | Failed {
  if (isNullKey(key)) return '';
  return readText(key, 'string', reading);
}

function wanted(type: string): string {
  if (type.startsWith('[]')) return 'write a list here';
  if (type === 'bool') return 'write true or false';
  if (type === 'int' || type === 'uint') return type === 'int' ? 'write a whole number' : 'write a whole number from 0';
  if (type === 'float64') return 'write a number';
  return 'write a text here';
}
