/** Label sets: immutable, sorted by name in byte order, without empty values, as Prometheus' `labels.Labels`. */
import { compareBytes } from './compare.ts';

export const METRIC_NAME = '__name__';

const LEGACY_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LEGACY_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

export class Labels {
  static readonly EMPTY = new Labels([], []);

  /** `names` sorted by byte order without repetition, `values[i]` the non-empty value of `names[i]`. Neither is changed afterwards. */
  readonly names: readonly string[];
  readonly values: readonly string[];
  #key: string | undefined;

  private constructor(names: readonly string[], values: readonly string[]) {
    this.names = names;
    this.values = values;
  }

  /** Takes arrays that are sorted, unique and without empty values already (checked by nobody: for hot paths). */
  static fromSorted(names: readonly string[], values: readonly string[]): Labels {
    return names.length === 0 ? Labels.EMPTY : new Labels(names, values);
  }

  /** Pairs in any order; of a repeated name the last counts; empty values are dropped. */
  static fromPairs(pairs: Iterable<readonly [string, string]>): Labels {
    const sorted = new Map<string, string>();
    for (const [name, value] of pairs) {
      if (value === '') sorted.delete(name);
      else sorted.set(name, value);
    }
    const names = [...sorted.keys()].sort(compareBytes);
    return Labels.fromSorted(
      names,
      names.map((name) => sorted.get(name)!),
    );
  }

  /** Annotations: as labels, but an empty text is one (a template that expands to nothing), not the lack of one. */
  static annotations(record: Readonly<Record<string, string>>): Labels {
    const names = Object.keys(record).sort(compareBytes);
    return Labels.fromSorted(
      names,
      names.map((name) => record[name]!),
    );
  }

  static of(record: Readonly<Record<string, string>>): Labels {
    return Labels.fromPairs(Object.entries(record));
  }

  get size(): number {
    return this.names.length;
  }

  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  /** The value, or the empty string where the label is missing: PromQL makes no difference between the two. */
  get(name: string): string {
    const index = this.names.indexOf(name);
    return index < 0 ? '' : this.values[index]!;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let i = 0; i < this.names.length; i++) yield [this.names[i]!, this.values[i]!];
  }

  /** A string equal for equal label sets and different for different ones; made once. */
  get key(): string {
    if (this.#key === undefined) {
      let key = '';
      for (let i = 0; i < this.names.length; i++) {
        const name = this.names[i]!;
        const value = this.values[i]!;
        key += `${name.length},${value.length},${name}${value}`;
      }
      this.#key = key;
    }
    return this.#key;
  }

  equals(other: Labels): boolean {
    if (this === other) return true;
    if (this.names.length !== other.names.length) return false;
    for (let i = 0; i < this.names.length; i++) {
      if (this.names[i] !== other.names[i] || this.values[i] !== other.values[i]) return false;
    }
    return true;
  }

  /** Prometheus' order: name by name, then value, then the shorter first. */
  compare(other: Labels): number {
    if (this.names === other.names) return compareValues(this.values, other.values);
    const length = Math.min(this.names.length, other.names.length);
    for (let i = 0; i < length; i++) {
      const byName = compareBytes(this.names[i]!, other.names[i]!);
      if (byName !== 0) return byName;
      const byValue = compareBytes(this.values[i]!, other.values[i]!);
      if (byValue !== 0) return byValue;
    }
    return this.names.length - other.names.length;
  }

  /** With the label set to the value; an empty value removes it. */
  with(name: string, value: string): Labels {
    const index = this.names.indexOf(name);
    if (value === '') return index < 0 ? this : this.filter((each) => each !== name);
    if (index >= 0) {
      if (this.values[index] === value) return this;
      const values = this.values.slice();
      values[index] = value;
      return new Labels(this.names, values);
    }
    const { names, at } = insertionOf(this.names, name);
    return new Labels(names, this.values.toSpliced(at, 0, value));
  }

  without(...names: readonly string[]): Labels {
    return names.some((name) => this.has(name)) ? this.filter((name) => !names.includes(name)) : this;
  }

  withoutMetricName(): Labels {
    return this.without(METRIC_NAME);
  }

  /** The labels whose name the predicate accepts. */
  filter(accept: (name: string, value: string) => boolean): Labels {
    const names: string[] = [];
    const values: string[] = [];
    for (let i = 0; i < this.names.length; i++) {
      if (!accept(this.names[i]!, this.values[i]!)) continue;
      names.push(this.names[i]!);
      values.push(this.values[i]!);
    }
    return names.length === this.names.length ? this : Labels.fromSorted(sharedNames(this.names, names), values);
  }

  /** As `filter`, where the same function always says the same of a name: it is asked once for label sets that share their names. */
  filterNames(accept: (name: string) => boolean): Labels {
    const { names, places, isRun } = selectionOf(this.names, accept);
    if (names === this.names) return this;
    if (places.length === 0) return Labels.EMPTY;
    const values = this.values.slice(places[0]!, places.at(-1)! + 1);
    if (!isRun) {
      for (let i = 0; i < places.length; i++) values[i] = this.values[places[i]!]!;
      values.length = places.length;
    }
    return new Labels(names, values);
  }

  toRecord(): Record<string, string> {
    const record: Record<string, string> = Object.create(null);
    for (let i = 0; i < this.names.length; i++) record[this.names[i]!] = this.values[i]!;
    return record;
  }

  toJSON(): Record<string, string> {
    return this.toRecord();
  }

  /** Go's `labels.Labels.String()`: `{a="b", c="d"}`, names outside the legacy alphabet quoted. */
  toString(): string {
    const parts: string[] = [];
    for (const [name, value] of this) parts.push(`${quoteLabelName(name)}=${quote(value)}`);
    return `{${parts.join(', ')}}`;
  }

  /** As a PromQL selector is written: `name{a="b"}`, or `{"na me", a="b"}` for a name outside the legacy alphabet. */
  toSelector(): string {
    const name = this.metricName;
    const parts: string[] = [];
    const bare = name === '' || isLegacyMetricName(name);
    if (!bare) parts.push(quote(name));
    for (const [label, value] of this) {
      if (label !== METRIC_NAME) parts.push(`${quoteLabelName(label)}=${quote(value)}`);
    }
    return parts.length === 0 && bare && name !== '' ? name : `${bare ? name : ''}{${parts.join(', ')}}`;
  }
}

/** Names that were derived from others of late: label sets of one shape share them, and are compared by value alone. */
const derivations = Array.from({ length: 8 }, () => ({
  from: [] as readonly string[],
  names: [] as readonly string[],
}));
let nextDerivation = 0;

/** `derived`, or the equal names that were derived from the same ones before. */
function sharedNames(from: readonly string[], derived: readonly string[]): readonly string[] {
  for (const known of derivations) if (known.from === from && sameNames(known.names, derived)) return known.names;
  derivations[nextDerivation] = { from, names: derived };
  nextDerivation = (nextDerivation + 1) % derivations.length;
  return derived;
}

/** Where a name was put in of late. */
const insertions = Array.from({ length: 4 }, () => ({
  from: [] as readonly string[],
  name: '',
  names: [] as readonly string[],
  at: 0,
}));
let nextInsertion = 0;

function insertionOf(
  from: readonly string[],
  name: string,
): { readonly names: readonly string[]; readonly at: number } {
  for (const known of insertions) if (known.from === from && known.name === name) return known;
  let at = 0;
  while (at < from.length && compareBytes(from[at]!, name) < 0) at++;
  const insertion = { from, name, names: sharedNames(from, from.toSpliced(at, 0, name)), at };
  insertions[nextInsertion] = insertion;
  nextInsertion = (nextInsertion + 1) % insertions.length;
  return insertion;
}

interface Selection {
  readonly from: readonly string[];
  readonly accept: ((name: string) => boolean) | undefined;
  /** Those accepted; `from` itself where all are. */
  readonly names: readonly string[];
  readonly places: readonly number[];
  /** The places follow each other. */
  readonly isRun: boolean;
}

/** What `filterNames` was asked last: most series of a query have the same names. */
let lastSelection: Selection = { from: [], accept: undefined, names: [], places: [], isRun: true };
/** What it was asked of late with each function. */
const selections = new WeakMap<(name: string) => boolean, Selection[]>();
const MOST_SELECTIONS = 8;

function selectionOf(from: readonly string[], accept: (name: string) => boolean): Selection {
  if (lastSelection.from === from && lastSelection.accept === accept) return lastSelection;
  let known = selections.get(accept);
  if (known === undefined) {
    known = [];
    selections.set(accept, known);
  }
  let selection = known.find((each) => each.from === from);
  if (selection === undefined) {
    selection = selectNames(from, accept);
    if (known.length === MOST_SELECTIONS) known.shift();
    known.push(selection);
  }
  lastSelection = selection;
  return selection;
}

function selectNames(from: readonly string[], accept: (name: string) => boolean): Selection {
  const places: number[] = [];
  for (let place = 0; place < from.length; place++) if (accept(from[place]!)) places.push(place);
  const names =
    places.length === from.length
      ? from
      : sharedNames(
          from,
          places.map((place) => from[place]!),
        );
  const isRun = places.length === 0 || places.at(-1)! - places[0]! === places.length - 1;
  return { from, accept, names, places, isRun };
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function compareValues(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x !== y) return compareBytes(x, y);
  }
  return 0;
}

export function isLegacyLabelName(name: string): boolean {
  return LEGACY_LABEL_NAME.test(name);
}

export function isLegacyMetricName(name: string): boolean {
  return LEGACY_METRIC_NAME.test(name);
}

/** A double-quoted string as Go's `strconv.Quote` writes it. */
export function quote(value: string): string {
  let out = '"';
  for (const character of value) {
    const code = character.codePointAt(0)!;
    if (character === '"') out += '\\"';
    else if (character === '\\') out += '\\\\';
    else if (code >= 0x20 && code < 0x7f) out += character;
    else if (SHORT_ESCAPES.has(code)) out += SHORT_ESCAPES.get(code);
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (/^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) out += character;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${out}"`;
}

const SHORT_ESCAPES = new Map([
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [11, '\\v'],
  [12, '\\f'],
  [13, '\\r'],
]);

function quoteLabelName(name: string): string {
  return isLegacyLabelName(name) ? name : quote(name);
}
