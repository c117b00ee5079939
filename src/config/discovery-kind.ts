/** What the sections of discoveries that are only checked have in common. */
import { parseGoUrl, UrlError } from './go-url.ts';
import { httpClientFields, httpClientFrom, type RawHttpClient } from './http-client-fields.ts';
import type { DiscoveryConfig } from './prometheus-config.ts';
import {
  type Field,
  type Fields,
  field,
  list,
  plainStruct,
  type Raw,
  type StructPlace,
  struct,
  type Type,
  text,
} from './schema.ts';
import type { Secret } from './secret.ts';
import { duration, oneOf } from './value-types.ts';

export type Discovery = Type<DiscoveryConfig | undefined>;

export const MINUTE_MS = 60_000;
export const texts = (): Field<readonly string[] | undefined> => field(list(text));
export const refresh = (absentMs = MINUTE_MS): Field<number> => field(duration, absentMs);

export function kind<F extends Fields>(
  name: string,
  fields: F,
  check: (raw: Raw<F>, at: StructPlace) => void = () => {},
): Discovery {
  return struct(`${name}.plain`, fields, (raw, at) => {
    check(raw, at);
    at.warn(
      at.place,
      `watchfire does not do ${name}_sd_configs: these targets will not be found, the rest of the file works`,
    );
    return { kind: 'unsupported', place: at.place, name };
  });
}

/** One whose section also holds the fields of an HTTP client. */
export function httpKind<F extends Fields>(
  name: string,
  fields: F,
  check: (raw: Raw<F> & RawHttpClient, at: StructPlace) => void = () => {},
): Discovery {
  return kind(name, { ...httpClientFields, ...fields }, (raw, at) => {
    const both = raw as unknown as Raw<F> & RawHttpClient;
    check(both, at);
    httpClientFrom(both, at);
  });
}

export function role(name: string, roles: readonly string[], label: string): Type<string> {
  return oneOf(
    `${name}.Role`,
    roles,
    (word) => `unknown ${label}role ${JSON.stringify(word)}: use one of ${roles.join(', ')}`,
  );
}

export function require(at: StructPlace, name: string, value: unknown, message: string): void {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) at.fail(name, message);
}

export function checkUrl(
  at: StructPlace,
  name: string,
  value: string,
  message = '',
): ReturnType<typeof parseGoUrl> | undefined {
  try {
    return parseGoUrl(value);
  } catch (error) {
    at.fail(
      name,
      `${message}${error instanceof UrlError ? error.reason : String(error)}: write it like https://host:port`,
    );
    return undefined;
  }
}

export function exactlyOneSecret(
  raw: { readonly secret_key: Secret | undefined; readonly secret_key_file: string | undefined },
  at: StructPlace,
): void {
  if (!raw.secret_key && !raw.secret_key_file)
    at.fail(at.place, 'one of secret_key & secret_key_file must be configured');
  if (raw.secret_key && raw.secret_key_file) {
    at.fail('secret_key_file', 'at most one of secret_key & secret_key_file must be configured');
  }
}

const filter = plainStruct('Filter', { name: field(text), values: texts() });
export const filters = field(list(filter));

/** The rules on the URL of `http_sd_configs` and `puppetdb_sd_configs`. */
export function checkHttpUrl(at: StructPlace, name: string, value: string): void {
  const url = checkUrl(at, name, value);
  if (!url) return;
  if (url.scheme !== 'http' && url.scheme !== 'https') at.fail(name, "URL scheme must be 'http' or 'https'");
  else if (url.host === '') at.fail(name, 'host is missing in URL');
}
