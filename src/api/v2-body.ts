/** Reading a JSON body field by field, refusing it with the words of Alertmanager's generated API. */
import { strictDateMs } from './calendar.ts';
import type { ApiRequest } from './route.ts';
import { refusal } from './v2-refusal.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** The body as JSON. `what` is the body's name in messages, `alerts` or `silence`. Throws Refusal. */
export function readBody(request: ApiRequest, what: string): unknown {
  const type = (request.headers['content-type'] ?? 'application/octet-stream').split(';')[0]!.trim().toLowerCase();
  if (request.body.length === 0) throw refusal(422, 602, `${what} in body is required`);
  if (type !== 'application/json') {
    throw refusal(415, 415, `unsupported media type ${JSON.stringify(type)}, only [application/json] are allowed`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(request.body));
  } catch (error) {
    throw unparsable(what, jsonFault(error instanceof Error ? error.message : String(error), request.body));
  }
}

/** The body cannot be read as what it should be. */
export function unparsable(what: string, reason: string): Error {
  return refusal(400, 400, `parsing ${what} body from "" failed, because ${reason}`);
}

/** Where the value stands: in which body, and its path for messages of validation, e.g. `0.labels`. */
export interface Place {
  readonly what: string;
  readonly path: string;
  /** The Go type that a wrong value is reported against, e.g. `Alert.labels`. */
  readonly goField: string;
}

export function required(value: unknown, place: Place): void {
  if (value === undefined || value === null) throw refusal(422, 602, `${place.path} in body is required`);
}

/** An object; undefined where it is missing or null. `wanted` is the Go type of it in messages. */
export function objectAt(value: unknown, place: Place, wanted: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw wrongType(value, place, wanted);
}

/** The empty string where it is missing or null. Half a surrogate pair becomes U+FFFD, as in Go. */
export function stringAt(value: unknown, place: Place): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value.toWellFormed();
  throw wrongType(value, place, 'string');
}

export function booleanAt(value: unknown, place: Place, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  throw wrongType(value, place, 'bool');
}

/** A set of labels as pairs; empty where it is missing. */
export function labelsAt(value: unknown, place: Place): readonly (readonly [string, string])[] {
  const labels = objectAt(value, place, 'models.LabelSet') ?? {};
  return Object.entries(labels).map(([name, each]) => [name.toWellFormed(), stringAt(each, place)] as const);
}

/** RFC 3339, or a date; undefined where it is missing, empty, or Go's zero time. */
export function timeAt(value: unknown, place: Place): number | undefined {
  const text = stringAt(value, place);
  if (text === '') return undefined;
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?)([Zz]|[+-]\d{2}:?\d{2})?)?$/.exec(text);
  const [, date, time, zone] = parts ?? [];
  const ms =
    date === undefined ? Number.NaN : strictDateMs(`${date}T${time ?? '00:00:00'}${zone?.toUpperCase() ?? 'Z'}`);
  if (Number.isNaN(ms)) {
    const quoted = JSON.stringify(text);
    throw unparsable(place.what, `parsing time ${quoted} as "2006-01-02": cannot parse ${quoted} as "2006"`);
  }
  return ms === Date.parse('0001-01-01T00:00:00Z') ? undefined : ms;
}

/** A body that ends too early is named in Go's words, other faults in those of the JSON reader. */
function jsonFault(message: string, body: Uint8Array): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  const text = new TextDecoder().decode(body);
  const endsEarly =
    message.includes('end of JSON input') || (position !== undefined && Number(position) >= text.length);
  return endsEarly ? 'unexpected EOF' : message;
}

function wrongType(value: unknown, place: Place, wanted: string): Error {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return unparsable(
    place.what,
    `json: cannot unmarshal ${kind} into Go struct field ${place.goField} of type ${wanted}`,
  );
}
