/** The value types that only Alertmanager's file has: its URLs, `host:port`, Go durations, matchers, free values. */
import { type Matcher, Matcher as MatcherOf } from '../labels/matcher.ts';
import { compareMatchers, parseMatchers } from '../labels/matcher-parser.ts';
import { compileRe2 } from '../labels/regexp.ts';
import { parseGoDuration } from './go-duration.ts';
import { parseGoUrl, UrlError } from './go-url.ts';
import {
  FAILED,
  type Failed,
  list,
  mapping,
  parsed,
  type Reading,
  readText,
  type Type,
  text,
  wrongType,
} from './schema.ts';
import { Secret } from './secret.ts';
import { hide, hideUrlPassword } from './value-types.ts';
import type { YamlValue } from './yaml-reader.ts';
import { meaningOf } from './yaml-scalar.ts';

/** An `http` or `https` URL with a host, as text. */
export const webUrl: Type<string | undefined> = {
  name: 'common.URL',
  zero: undefined,
  read(value, reading) {
    const read = readText(value, 'common.URL', reading);
    if (read === FAILED) return FAILED;
    const shown = hideUrlPassword(read);
    if (shown !== read) hide(value, reading, shown);
    const fault = webUrlFault(read);
    return fault === undefined ? read : reading.fail(value.place, `${fault}: write it like https://host/path`);
  },
};

/** The same, kept secret as a whole. */
export const secretUrl: Type<Secret | undefined> = {
  name: 'common.SecretURL',
  zero: undefined,
  read(value, reading) {
    const read = readText(value, 'common.SecretURL', reading);
    if (read === FAILED) return FAILED;
    hide(value, reading, '<secret>');
    const fault = read === '<secret>' ? undefined : webUrlFault(read);
    return fault === undefined
      ? new Secret(read)
      : reading.fail(value.place, `${fault}: write it like https://host/path`);
  },
};

/** A secret URL in which Go templates may stand; then it is checked only when it is filled in. */
export const templateUrl: Type<Secret | undefined> = {
  name: 'common.SecretTemplateURL',
  zero: undefined,
  read(value, reading) {
    const read = readText(value, 'common.SecretTemplateURL', reading);
    if (read === FAILED) return FAILED;
    hide(value, reading, '<secret>');
    if (read === '' || read === '<secret>') return read === '' ? undefined : new Secret(read);
    if (read.includes('{{')) {
      if (hasOpenAction(read))
        return reading.fail(value.place, 'invalid template syntax: unclosed action: add the missing }}');
      return new Secret(read);
    }
    const fault = webUrlFault(read);
    return fault === undefined
      ? new Secret(read)
      : reading.fail(value.place, `invalid URL: ${fault}: write it like https://host/path`);
  },
};

/** The message names no part of the URL but its scheme: the rest may be secret. */
function webUrlFault(url: string): string | undefined {
  try {
    const { scheme, host } = parseGoUrl(url);
    if (scheme !== 'http' && scheme !== 'https') return `unsupported scheme ${JSON.stringify(scheme)} for URL`;
    return host === '' ? 'missing host for URL' : undefined;
  } catch (error) {
    return error instanceof UrlError ? error.reason : String(error);
  }
}

export function hasOpenAction(template: string): boolean {
  return template
    .split('{{')
    .slice(1)
    .some((part) => !part.includes('}}'));
}

/** `host:port`; empty where not set. */
export const hostPort: Type<string> = parsed('config.HostPort', '', (address) => {
  const fault = address === '' ? undefined : hostPortFault(address);
  if (fault) throw new Error(`${fault}: write host:port`);
  return address;
});

function hostPortFault(address: string): string | undefined {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return `address ${address}: missing port in address`;
  if (address.startsWith('[')) {
    const end = address.indexOf(']');
    if (end < 0) return `address ${address}: missing ']' in address`;
    if (end + 1 === address.length) return `address ${address}: missing port in address`;
    if (end + 1 !== colon) {
      return `address ${address}: ${address[end + 1] === ':' ? 'too many colons in address' : 'missing port in address'}`;
    }
  } else if (address.indexOf(':') !== colon) return `address ${address}: too many colons in address`;
  if (/[[\]]/.test(address.replace(/^\[[^\]]*\]/, ''))) return `address ${address}: unexpected bracket in address`;
  return colon === address.length - 1 ? `address ${JSON.stringify(address)}: port cannot be empty` : undefined;
}

/** Go's `time.Duration` in milliseconds; a bare number counts nanoseconds. */
export const goDuration: Type<number> = {
  name: 'time.Duration',
  zero: 0,
  read(value, reading) {
    const meaning = value.kind === 'scalar' ? meaningOf(value) : undefined;
    if (meaning?.tag === '!!int' || meaning?.tag === '!!float') {
      const nanoseconds = Number(meaning.value);
      return nanoseconds > 2 ** 63 ? wrongType(value, 'time.Duration', reading) : nanoseconds / 1e6;
    }
    if (meaning?.tag !== '!!str') return wrongType(value, 'time.Duration', reading);
    try {
      return parseGoDuration(meaning.value);
    } catch {
      return wrongType(value, 'time.Duration', reading);
    }
  },
};

/** The same where the text counts even if it looks like a number: a unit is needed. */
export const goDurationText: Type<number> = parsed('config.duration', 0, parseGoDuration);

/** A list of matchers, each line of which may hold several. */
export const matcherLines: Type<readonly Matcher[] | undefined> = {
  name: '[]string',
  zero: undefined,
  read(value, reading) {
    const lines = list(text).read(value, reading);
    if (lines === FAILED || lines === undefined || value.kind !== 'list')
      return lines === undefined ? undefined : FAILED;
    const matchers: Matcher[] = [];
    let failed = false;
    for (const [index, line] of lines.entries()) {
      try {
        matchers.push(...parseMatchers(line));
      } catch (error) {
        failed = true;
        const message = `${(error as Error).message}: write it like severity="critical"`;
        reading.fail(value.items[index]!.place, message);
      }
    }
    return failed ? FAILED : matchers.sort(compareMatchers);
  },
};

const LEGACY_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const nameFault = (name: string): string | undefined =>
  LEGACY_NAME.test(name) ? undefined : `invalid label name ${JSON.stringify(name)}: use matchers for such a name`;

/** The old `match`: names and values that must be equal. */
export const equalMatchers: Type<readonly Matcher[] | undefined> = matcherMap('=', text);

const pattern: Type<string | undefined> = parsed<string | undefined>('common.Regexp', undefined, (source) => {
  const anchored = `^(?:${source})$`;
  compileRe2(anchored, source);
  return anchored;
});

/** The old `match_re`: names and patterns, anchored as Alertmanager has them, which shows in group keys. */
export const patternMatchers: Type<readonly Matcher[] | undefined> = matcherMap('=~', pattern);

function matcherMap(operator: '=' | '=~', value: Type<string | undefined>): Type<readonly Matcher[] | undefined> {
  const entries = mapping(value, nameFault);
  return {
    name: entries.name,
    zero: undefined,
    read(node, reading) {
      const read = entries.read(node, reading);
      if (read === FAILED || read === undefined) return read;
      const missing = read.find((each) => each.value === undefined);
      if (missing)
        return reading.fail(missing.place, `invalid regexp value for ${JSON.stringify(missing.key)}: write a pattern`);
      return read.map((each) => new MatcherOf(operator, each.key, each.value!));
    },
  };
}

/** Any YAML value as plain data: texts, numbers, booleans, null, arrays, and objects without a prototype. */
export const freeValue: Type<unknown> = { name: 'interface {}', zero: undefined, read: plain };

function plain(value: YamlValue, reading: Reading): unknown | Failed {
  if (!reading.step(value.place)) return FAILED;
  if (value.kind === 'list') {
    const items = value.items.map((item) => plain(item, reading));
    return items.includes(FAILED) ? FAILED : items;
  }
  if (value.kind === 'scalar') {
    const meaning = meaningOf(value);
    if (meaning.tag === '!!null') return null;
    if (meaning.tag === '!!int') return Number(meaning.value);
    return meaning.value;
  }
  const record: Record<string, unknown> = Object.create(null);
  for (const { key, value: item } of value.entries) {
    const name = readText(key, 'string', reading);
    const read = plain(item, reading);
    if (name === FAILED || read === FAILED) return FAILED;
    if (name in record)
      return reading.fail(key.place, `key ${JSON.stringify(name)} already set in map: remove one of the two`);
    record[name] = read;
  }
  return record;
}
