/** What every kind of `<kind>_configs` entry is made of. */
import type { ReceiverKind } from '../alertmanager-config.ts';
import { httpConfig } from '../http-client-fields.ts';
import type { HttpClientConfig } from '../http-config.ts';
import type { SourcePlace } from '../prometheus-config.ts';
import {
  boolean,
  type Fields,
  field,
  type Mapping,
  type Raw,
  type StructPlace,
  struct,
  type Type,
  toRecord,
} from '../schema.ts';

/** An entry whose globals are still to be filled in. */
export interface RawIntegration {
  readonly kind: ReceiverKind;
  readonly place: SourcePlace;
  readonly sendResolved: boolean;
  /** Undefined: the global one. */
  readonly http: HttpClientConfig | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  /** For problems found later. */
  readonly at: StructPlace;
}

type WithHttp<F extends Fields> = Raw<F> & { readonly http_config: HttpClientConfig | undefined };

/** `adjust` changes or adds fields after the rules held. */
export function integration<F extends Fields>(
  kind: ReceiverKind,
  sendResolved: boolean,
  fields: F,
  check: (raw: WithHttp<F>, at: StructPlace) => void = () => {},
  adjust: (raw: WithHttp<F>) => Readonly<Record<string, unknown>> = () => ({}),
): Type<RawIntegration | undefined> {
  const all = { ...fields, send_resolved: field(boolean, sendResolved), http_config: field(httpConfig) };
  return struct(`${kind}.plain`, all, (read, at) => {
    const raw = read as unknown as WithHttp<F> & { readonly send_resolved: boolean };
    check(raw, at);
    const { http_config, send_resolved, ...own } = raw as WithHttp<Fields> & { readonly send_resolved: boolean };
    return {
      kind,
      place: at.place,
      sendResolved: send_resolved,
      http: http_config,
      fields: { ...own, ...adjust(raw) },
      at,
    };
  });
}

/** Reports where both of a secret and its file are given. */
export function atMostOneOf(
  raw: Readonly<Record<string, unknown>>,
  at: StructPlace,
  ...names: readonly string[]
): void {
  const given = names.filter((name) => isGiven(raw[name]));
  if (given.length <= 1) return;
  at.fail(given[1]!, `at most one of ${names.join(' & ')} must be configured: remove one`);
}

/** Reports where none is given. */
export function oneOfRequired(
  raw: Readonly<Record<string, unknown>>,
  at: StructPlace,
  ...names: readonly string[]
): void {
  if (names.some((name) => isGiven(raw[name]))) return;
  at.fail(at.place, `one of ${names.join(' or ')} must be configured`);
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== 0;
}

/** A map of texts as a plain record. */
export function record<T>(entries: Mapping<T> | undefined): Readonly<Record<string, T>> {
  return toRecord(entries);
}
