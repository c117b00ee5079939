/** The scalar types that the files of Prometheus and Alertmanager share: durations, sizes, URLs, secrets, paths, label names. */
import { isAbsolute, join } from 'node:path';
import type { RE2JS } from 're2js';
import { compileRe2 } from '../labels/regexp.ts';
import { parseByteSize } from './byte-size.ts';
import { parseDuration } from './duration.ts';
import { type GoUrl, parseGoUrl, UrlError } from './go-url.ts';
import { FAILED, list, mapping, parsed, type Reading, readText, type Type, text } from './schema.ts';
import { Secret } from './secret.ts';
import type { YamlValue } from './yaml-reader.ts';

/** Milliseconds. */
export const duration: Type<number> = parsed('model.Duration', 0, (value) => {
  try {
    return parseDuration(value);
  } catch (error) {
    throw new Error(`${(error as Error).message}: write it like 30s, 5m or 1h30m`);
  }
});

export const byteSize: Type<number> = parsed('units.Base2Bytes', 0, parseByteSize);

/** A relative path starts at the file's folder; an empty one is none. */
export const filePath: Type<string | undefined> = {
  name: 'string',
  zero: undefined,
  read(value, reading) {
    const path = readText(value, 'string', reading);
    if (path === FAILED) return FAILED;
    return path === '' ? undefined : absolutePath(path, reading.directory);
  },
};

export function absolutePath(path: string, directory: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

/** An empty one is none. Its place in the text is kept for redaction. */
export const secret: Type<Secret | undefined> = {
  name: 'config.Secret',
  zero: undefined,
  read(value, reading) {
    const read = readText(value, 'config.Secret', reading);
    if (read === FAILED) return FAILED;
    hide(value, reading, '<secret>');
    return read === '' ? undefined : new Secret(read);
  },
};

/** Any URL that Go parses; a password in it is hidden in the redacted text. */
export const anyUrl: Type<GoUrl | undefined> = {
  name: 'config.URL',
  zero: undefined,
  read(value, reading) {
    const read = readText(value, 'config.URL', reading);
    if (read === FAILED) return FAILED;
    return checkUrl(read, value, reading);
  },
};

function checkUrl(read: string, value: YamlValue, reading: Reading): GoUrl | typeof FAILED {
  const shown = hideUrlPassword(read);
  if (shown !== read) hide(value, reading, shown);
  try {
    return parseGoUrl(read);
  } catch (error) {
    const reason = error instanceof UrlError ? error.reason : String(error);
    return reading.fail(value.place, `parse ${JSON.stringify(shown)}: ${reason}: write it like http://host:port/path`);
  }
}

/** A text field that holds a URL as it is, whose rules its owner checks; a password in it is hidden in the redacted text. */
export const urlText: Type<string> = {
  name: 'string',
  zero: '',
  read(value, reading) {
    const read = readText(value, 'string', reading);
    if (read === FAILED) return FAILED;
    const shown = hideUrlPassword(read);
    if (shown !== read) hide(value, reading, shown);
    return read;
  },
};

export function hideUrlPassword(url: string): string {
  return url.replace(/^([a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#:@]*):[^/?#]*@/, '$1:xxxxx@');
}

/** Marks a scalar as one to be shown otherwise in the redacted text. */
export function hide(value: YamlValue, reading: Reading, shown: string): void {
  if (value.kind === 'scalar' && value.span[1] > value.span[0]) reading.secrets.push({ span: value.span, shown });
}

/** The text with its secrets replaced, quotes kept. */
export function redact(source: string, secrets: Reading['secrets']): string {
  let out = '';
  let done = 0;
  for (const { span, shown } of secrets.toSorted((a, b) => a.span[0] - b.span[0])) {
    if (span[0] < done) continue;
    const quote = /^["']/.exec(source.slice(span[0], span[0] + 1))?.[0] ?? '';
    const written = source.slice(span[0], span[1]);
    const tail = /^[|>]/.test(written) ? (/\s*$/.exec(written)?.[0] ?? '') : '';
    out += source.slice(done, span[0]) + quote + shown + quote + tail;
    done = span[1];
  }
  return out + source.slice(done);
}

/** A name of a label: any text that is not empty, as Prometheus 3 reads it before a scheme is known. */
const labelName: Type<string> = parsed('model.LabelName', '', (name) => {
  if (name === '') throw new Error('"" is not a valid label name: write a name');
  return name;
});

export const labelNames = list(labelName);

/** Label names and values as written. */
export const labelSet = mapping({ ...text, name: 'model.LabelValue' }, (name) =>
  name === '' ? '"" is not a valid label name: write a name' : undefined,
);

export const textMap = mapping(text);

/** A pattern that the whole value must match. */
export const parsedRegex: Type<{ readonly source: string; readonly compiled: RE2JS } | undefined> = parsed<
  { readonly source: string; readonly compiled: RE2JS } | undefined
>('relabel.Regexp', undefined, (source) => ({ source, compiled: compileRe2(`^(?s:${source})$`, source) }));

/** One of a fixed set of words. */
export function oneOf<T extends string>(name: string, words: readonly T[], fault: (word: string) => string): Type<T> {
  return parsed(name, '' as T, (word) => {
    if ((words as readonly string[]).includes(word)) return word as T;
    throw new Error(fault(word));
  });
}

export function atMostOne(values: readonly unknown[]): boolean {
  return values.filter((value) => value !== undefined && value !== '' && value !== false).length <= 1;
}
