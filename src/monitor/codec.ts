/** Turns source arguments and answers into what a MessagePort can carry, and back: label sets, matchers, errors and abort signals keep their class. */
import { ConfigError, type Problem } from '../config/problem.ts';
import { HttpError, type HttpFault } from '../http/client.ts';
import { Labels } from '../labels/labels.ts';
import { Matcher, type MatchOperator } from '../labels/matcher.ts';
import { QueryError, type QueryErrorType } from '../promql/result.ts';

/** The property that marks a value which is not what it looks like. */
const MARK = '$wire';

export interface Encoded {
  readonly value: unknown;
  /** Buffers of typed arrays, each a copy of its own: to be transferred. */
  readonly transfer: ArrayBuffer[];
  /** The abort signal found among the values. */
  readonly signal: AbortSignal | undefined;
}

export function encode(value: unknown): Encoded {
  const transfer: ArrayBuffer[] = [];
  let signal: AbortSignal | undefined;
  const walk = (each: unknown): unknown => {
    if (typeof each === 'function') return undefined;
    if (typeof each !== 'object' || each === null) return each;
    if (each instanceof Labels) return { [MARK]: 'labels', names: each.names, values: each.values };
    if (each instanceof Matcher)
      return { [MARK]: 'matcher', operator: each.operator, name: each.name, value: each.value };
    if (each instanceof Float64Array || each instanceof Uint8Array) {
      const copy = each.slice();
      transfer.push(copy.buffer as ArrayBuffer);
      return copy;
    }
    if (each instanceof AbortSignal) {
      signal = each;
      return { [MARK]: 'signal' };
    }
    if (Array.isArray(each)) return each.map(walk);
    if (each instanceof Map) return { [MARK]: 'map', entries: [...each].map(([key, item]) => [walk(key), walk(item)]) };
    if (each instanceof Date) return each;
    const out: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(each)) out[key] = walk(item);
    return out;
  };
  return { value: walk(value), transfer, signal };
}

/** `signal` stands in for the abort signal that was encoded. */
export function decode(value: unknown, signal?: AbortSignal): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => decode(each, signal));
  if (ArrayBuffer.isView(value) || value instanceof Date) return value;
  const record = value as Record<string, unknown>;
  switch (record[MARK]) {
    case 'labels':
      return Labels.fromSorted(record['names'] as string[], record['values'] as string[]);
    case 'matcher':
      return new Matcher(record['operator'] as MatchOperator, record['name'] as string, record['value'] as string);
    case 'signal':
      return signal;
    case 'map':
      return new Map(
        (record['entries'] as [unknown, unknown][]).map(([key, item]) => [decode(key, signal), decode(item, signal)]),
      );
    default: {
      const out: Record<string, unknown> = {};
      for (const key of Object.keys(record)) out[key] = decode(record[key], signal);
      return out;
    }
  }
}

/** An error in a form that survives the way between threads. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly kind?: string | undefined;
  readonly problems?: readonly Problem[] | undefined;
}

export function encodeError(error: unknown): WireError {
  if (error instanceof QueryError) return { name: error.name, message: error.message, kind: error.type };
  if (error instanceof HttpError) return { name: error.name, message: error.message, kind: error.fault };
  if (error instanceof ConfigError) return { name: error.name, message: error.message, problems: error.problems };
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: 'Error', message: String(error) };
}

export function decodeError(wire: WireError): Error {
  switch (wire.name) {
    case 'QueryError':
      return new QueryError(wire.kind as QueryErrorType, wire.message);
    case 'HttpError':
      return new HttpError(wire.kind as HttpFault, wire.message);
    case 'ConfigError':
      return new ConfigError(wire.problems ?? []);
    default: {
      const error = new Error(wire.message);
      error.name = wire.name;
      return error;
    }
  }
}
