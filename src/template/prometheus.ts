/** The functions of Prometheus' rule templates. */
import { isIP } from 'node:net';
import { parseDuration } from '../config/duration.ts';
import { compareBytes } from '../labels/compare.ts';
import { escapeQuery } from './escape.ts';
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  toDuration,
  toTime,
} from './humanize.ts';
import { TEXT_FUNCTIONS, titleCase } from './text-functions.ts';
import {
  ANY,
  type GoFunction,
  goFunction,
  type ParameterType,
  STRING,
  type StringMap,
  variadicFunction,
} from './values.ts';

/** One element of what `query` gives. */
export class TemplateSample {
  static readonly goType = '*template.sample';
  readonly Labels: StringMap;
  /** A float, or an object that prints itself (a histogram). */
  readonly Value: unknown;

  constructor(labels: StringMap, value: unknown) {
    this.Labels = labels;
    this.Value = value;
  }
}

export interface PrometheusFunctionOptions {
  /** Answers `query`. May throw Suspension while the answer is not there yet. */
  readonly query: (expression: string) => readonly TemplateSample[];
  /** What `externalURL` prints; its path is `pathPrefix`. */
  readonly externalUrl: string;
  /** The time of evaluation, which `now` gives. */
  readonly nowMs: number;
}

export function prometheusFunctions(options: PrometheusFunctionOptions): Record<string, GoFunction> {
  return {
    ...TEXT_FUNCTIONS,
    query: goFunction([STRING], (expression) => options.query(expression)),
    first: goFunction([VECTOR], first),
    label: goFunction([STRING, SAMPLE], (name, sample) => present(sample).Labels.get(name) ?? ''),
    value: goFunction([SAMPLE], (sample) => present(sample).Value),
    strvalue: goFunction([SAMPLE], (sample) => present(sample).Labels.get('__value__') ?? ''),
    sortByLabel: goFunction([STRING, VECTOR], sortByLabel),
    args: variadicFunction([], ANY, argumentMap),
    title: goFunction([STRING], (text) => titleCase(text, true)),
    graphLink: goFunction([STRING], (expression) => graphPath(expression, 0)),
    tableLink: goFunction([STRING], (expression) => graphPath(expression, 1)),
    stripPort: goFunction([STRING], (address) => splitHostPort(address)?.host ?? address),
    stripDomain: goFunction([STRING], stripDomain),
    humanize: goFunction([ANY], humanize),
    humanize1024: goFunction([ANY], humanize1024),
    humanizeDuration: goFunction([ANY], humanizeDuration),
    humanizePercentage: goFunction([ANY], humanizePercentage),
    humanizeTimestamp: goFunction([ANY], humanizeTimestamp),
    toTime: goFunction([ANY], toTime),
    toDuration: goFunction([ANY], toDuration),
    now: goFunction([], () => options.nowMs / 1000),
    pathPrefix: goFunction([], () => pathOf(options.externalUrl)),
    externalURL: goFunction([], () => options.externalUrl),
    parseDuration: goFunction([STRING], (text) => parseDuration(text) / 1000),
    urlQueryEscape: goFunction([STRING], escapeQuery),
  };
}

/** Where Prometheus shows an expression: 0 as a graph, 1 as a table. */
export function graphPath(expression: string, tab: 0 | 1): string {
  return `/graph?g0.expr=${escapeQuery(expression)}&g0.tab=${tab}`;
}

const SAMPLE: ParameterType<TemplateSample | undefined> = {
  name: '*template.sample',
  nilable: true,
  accepts: (value): value is TemplateSample => value instanceof TemplateSample,
};

/** Go's words for a pointer that points nowhere. */
function present(sample: TemplateSample | undefined): TemplateSample {
  if (sample === undefined) throw new Error('runtime error: invalid memory address or nil pointer dereference');
  return sample;
}

const VECTOR: ParameterType<readonly TemplateSample[]> = {
  name: 'template.queryResult',
  nilable: true,
  accepts: (value): value is readonly TemplateSample[] =>
    Array.isArray(value) && value.every((each) => each instanceof TemplateSample),
};

function argumentMap(...args: unknown[]): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null);
  for (const [i, arg] of args.entries()) map[`arg${i}`] = arg;
  return map;
}

function first(vector: readonly TemplateSample[] | undefined): TemplateSample {
  const sample = vector?.[0];
  if (sample === undefined) throw new Error('first() called on vector with no elements');
  return sample;
}

function sortByLabel(name: string, vector: readonly TemplateSample[]): TemplateSample[] {
  return vector.toSorted((a, b) => compareBytes(a.Labels.get(name) ?? '', b.Labels.get(name) ?? ''));
}

function stripDomain(address: string): string {
  const split = splitHostPort(address);
  const host = split?.host ?? address;
  if (isIP(host) !== 0) return address;
  const name = host.split('.')[0]!;
  return split !== undefined && split.port !== '' ? `${name}:${split.port}` : name;
}

/** Go's `net.SplitHostPort`; undefined where it gives an error. */
function splitHostPort(address: string): { readonly host: string; readonly port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(address);
  return match === null ? undefined : { host: match[1] ?? match[2] ?? '', port: match[3]! };
}

function pathOf(url: string): string {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? /^[^?#]*/.exec(url)![0];
}
