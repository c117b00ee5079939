/** The functions of Alertmanager's notification templates (0.34). */
import { type Clock, systemClock } from '../config/clock.ts';
import { unescapeQuery } from './escape.ts';
import { humanizeDuration } from './humanize.ts';
import { marshalJson } from './json.ts';
import { TEXT_FUNCTIONS, titleCase } from './text-functions.ts';
import { Time } from './time.ts';
import {
  ANY,
  type GoFunction,
  goFunction,
  type ParameterType,
  SafeString,
  SLICE,
  STRING,
  STRINGS,
  variadicFunction,
} from './values.ts';

/** `clock` answers `now` and `since`. `routeLabels` gives empty text until a notification binds it. */
export function alertmanagerFunctions(clock: Clock = systemClock): Record<string, GoFunction> {
  const now = (): Time => Time.ofMs(clock.nowMs());
  return {
    ...TEXT_FUNCTIONS,
    title: goFunction([STRING], (text) => titleCase(text, false)),
    trimSpace: goFunction([STRING], (text) => text.trim()),
    join: goFunction([STRING, STRINGS], (separator, parts) => (parts ?? []).join(separator)),
    safeUrl: goFunction([STRING], (text) => new SafeString('url', text)),
    urlUnescape: goFunction([STRING], unescapeQuery),
    stringSlice: variadicFunction<[], string>([], STRING, (...parts) => parts),
    routeLabels: goFunction([STRING], (_name) => ''),
    date: goFunction([STRING, TIME], (layout, time) => time.Format(layout)),
    tz: goFunction([STRING, TIME], (zone, time) => time.inZone(zone)),
    now: goFunction([], now),
    since: goFunction([TIME], (time) => now().Sub(time)),
    humanizeDuration: goFunction([ANY], humanizeDuration),
    toDate: goFunction([STRING, STRING], (layout, text) => parsedOrZero(layout, text)),
    mustToDate: goFunction([STRING, STRING], Time.parse),
    toJson: goFunction([ANY], marshalJson),
    base64encode: goFunction([STRING], (text) => base64Url(Buffer.from(text))),
    base64decode: goFunction([STRING], decodeBase64Url),
    list: variadicFunction([], ANY, (...items) => items),
    append: variadicFunction([SLICE], ANY, (items, ...more) => [...(items ?? []), ...more]),
    dict: variadicFunction([], ANY, dict),
  };
}

const TIME: ParameterType<Time> = {
  name: 'time.Time',
  nilable: false,
  accepts: (value): value is Time => value instanceof Time,
};

function parsedOrZero(layout: string, text: string): Time {
  try {
    return Time.parse(layout, text);
  } catch {
    return Time.zero;
  }
}

/** The URL-safe alphabet, padded. */
function base64Url(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function decodeBase64Url(text: string): string {
  const clean = text.replace(/[\r\n]/g, '');
  const bytes = Buffer.from(clean, 'base64url');
  if (base64Url(bytes) !== clean) {
    const bad = /[^A-Za-z0-9\-_=]/.exec(clean)?.index ?? clean.length;
    throw new Error(`illegal base64 data at input byte ${bad}`);
  }
  return bytes.toString('utf8');
}

function dict(...pairs: unknown[]): Record<string, unknown> {
  if (pairs.length % 2 !== 0) throw new Error('dict requires an even number of arguments');
  const map: Record<string, unknown> = Object.create(null);
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i];
    if (typeof key !== 'string') throw new Error('dict keys must be strings');
    map[key] = pairs[i + 1];
  }
  return map;
}
