/** The fields of `http_config` (prometheus/common `HTTPClientConfig`), inline or on their own, with its rules on what excludes what. */
import { defaultHttpClientConfig, type HttpClientConfig, type TlsConfig } from './http-config.ts';
import {
  boolean,
  field,
  list,
  mapping,
  plainStruct,
  type Raw,
  type StructPlace,
  struct,
  type Type,
  text,
  toRecord,
} from './schema.ts';
import type { Secret } from './secret.ts';
import { anyUrl, atMostOne, filePath, oneOf, secret, textMap } from './value-types.ts';

const tlsVersion = oneOf('config.TLSVersion', ['TLS10', 'TLS11', 'TLS12', 'TLS13'], (word) => {
  return `unknown TLS version: ${word}: use TLS10, TLS11, TLS12 or TLS13`;
});

export const tlsConfig: Type<TlsConfig | undefined> = struct(
  'config.TLSConfig',
  {
    ca: field(text),
    cert: field(text),
    key: field(secret),
    ca_file: field(filePath),
    cert_file: field(filePath),
    key_file: field(filePath),
    ca_ref: field(text),
    cert_ref: field(text),
    key_ref: field(text),
    server_name: field(text),
    insecure_skip_verify: field(boolean),
    min_version: field(tlsVersion),
    max_version: field(tlsVersion),
  },
  (raw, at) => {
    if (!atMostOne([raw.ca, raw.ca_file, raw.ca_ref]))
      at.fail('ca', 'at most one of ca, ca_file & ca_ref must be configured');
    if (!atMostOne([raw.cert, raw.cert_file, raw.cert_ref])) {
      at.fail('cert', 'at most one of cert, cert_file & cert_ref must be configured');
    }
    if (!atMostOne([raw.key, raw.key_file, raw.key_ref]))
      at.fail('key', 'at most one of key and key_file must be configured');
    const usesCert = raw.cert !== '' || raw.cert_file !== undefined || raw.cert_ref !== '';
    const usesKey = raw.key !== undefined || raw.key_file !== undefined || raw.key_ref !== '';
    if (usesCert && !usesKey) {
      at.fail(at.place, 'exactly one of key or key_file must be configured when a client certificate is configured');
    } else if (usesKey && !usesCert) {
      at.fail(at.place, 'exactly one of cert or cert_file must be configured when a client key is configured');
    }
    return {
      ca: raw.ca || undefined,
      caFile: raw.ca_file,
      cert: raw.cert || undefined,
      certFile: raw.cert_file,
      key: raw.key,
      keyFile: raw.key_file,
      serverName: raw.server_name || undefined,
      insecureSkipVerify: raw.insecure_skip_verify,
      minVersion: raw.min_version || undefined,
      maxVersion: raw.max_version || undefined,
    };
  },
);

const basicAuth = plainStruct('config.plain', {
  username: field(text),
  username_file: field(filePath),
  username_ref: field(text),
  password: field(secret),
  password_file: field(filePath),
  password_ref: field(text),
});

const authorization = plainStruct('config.Authorization', {
  type: field(text),
  credentials: field(secret),
  credentials_file: field(filePath),
  credentials_ref: field(text),
});

const proxyFields = {
  proxy_url: field(anyUrl),
  no_proxy: field(text),
  proxy_from_environment: field(boolean),
  proxy_connect_header: field(mapping(list(secret))),
};

/** Any YAML value that nobody looks at further. */
const anything: Type<undefined> = { name: 'interface {}', zero: undefined, read: () => undefined };

const oauth2Fields = {
  client_id: field(text),
  client_secret: field(secret),
  client_secret_file: field(filePath),
  client_secret_ref: field(text),
  client_certificate_key_id: field(text),
  client_certificate_key: field(secret),
  client_certificate_key_file: field(filePath),
  client_certificate_key_ref: field(text),
  grant_type: field(text),
  signature_algorithm: field(text),
  iss: field(text),
  audience: field(text),
  claims: field(mapping(anything)),
  scopes: field(list(text)),
  token_url: field(text),
  endpoint_params: field(textMap),
  tls_config: field(tlsConfig),
  ...proxyFields,
};

const oauth2 = struct('config.plain', oauth2Fields, (raw, at) => {
  checkProxy(raw, at);
  return raw;
});

/** Headers that change the connection, or that the protocols and signatures set themselves. */
export const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
]);

export const httpHeader = plainStruct('config.Header', {
  values: field(list(text)),
  secrets: field(list(secret)),
  files: field(list(filePath)),
});

const RESERVED_HEADERS = new Set([...CONNECTION_HEADERS, 'authorization', 'x-prometheus-scrape-timeout-seconds']);

const httpHeaders = mapping(httpHeader, (name) =>
  RESERVED_HEADERS.has(name.toLowerCase())
    ? `setting header ${JSON.stringify(canonical(name))} is not allowed`
    : undefined,
);

/** To be spread into a structure that has them inline. */
export const httpClientFields = {
  basic_auth: field(basicAuth),
  authorization: field(authorization),
  oauth2: field(oauth2),
  bearer_token: field(secret),
  bearer_token_file: field(filePath),
  tls_config: field(tlsConfig),
  follow_redirects: field(boolean, true),
  enable_http2: field(boolean, true),
  http_headers: field(httpHeaders),
  ...proxyFields,
};

export type RawHttpClient = Raw<typeof httpClientFields>;

/** `http_config` on its own. */
export const httpConfig: Type<HttpClientConfig | undefined> = struct('config.plain', httpClientFields, httpClientFrom);

/** Checks what excludes what and makes the configuration. */
export function httpClientFrom(raw: RawHttpClient, at: StructPlace): HttpClientConfig {
  checkCredentials(raw, at);
  checkOauth2(raw, at);
  checkProxy(raw, at);
  return {
    ...defaultHttpClientConfig,
    basicAuth: raw.basic_auth && {
      username: raw.basic_auth.username || undefined,
      usernameFile: raw.basic_auth.username_file,
      password: raw.basic_auth.password,
      passwordFile: raw.basic_auth.password_file,
    },
    authorization: authorizationFrom(raw),
    oauth2: raw.oauth2 && {
      clientId: raw.oauth2.client_id,
      clientSecret: raw.oauth2.client_secret,
      clientSecretFile: raw.oauth2.client_secret_file,
      scopes: raw.oauth2.scopes ?? [],
      tokenUrl: raw.oauth2.token_url,
      endpointParams: toRecord(raw.oauth2.endpoint_params),
      tls: raw.oauth2.tls_config,
      proxyUrl: raw.oauth2.proxy_url?.text || undefined,
    },
    tls: raw.tls_config ?? defaultHttpClientConfig.tls,
    followRedirects: raw.follow_redirects,
    enableHttp2: raw.enable_http2,
    proxyUrl: raw.proxy_url?.text || undefined,
    noProxy: raw.no_proxy || undefined,
    proxyFromEnvironment: raw.proxy_from_environment,
    proxyConnectHeader: proxyHeadersFrom(raw),
    httpHeaders: headersFrom(raw),
  };
}

function checkCredentials(raw: RawHttpClient, at: StructPlace): void {
  const basic = raw.basic_auth;
  const bearer = raw.bearer_token !== undefined || raw.bearer_token_file !== undefined;
  if (raw.bearer_token !== undefined && raw.bearer_token_file !== undefined) {
    at.fail('bearer_token_file', 'at most one of bearer_token & bearer_token_file must be configured');
  }
  if ((basic || raw.oauth2) && bearer) {
    const message = 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured';
    at.fail(at.has('bearer_token') ? 'bearer_token' : 'bearer_token_file', message);
  }
  if (basic && !atMostOne([basic.username, basic.username_file, basic.username_ref])) {
    at.fail('basic_auth', 'at most one of basic_auth username, username_file & username_ref must be configured');
  }
  if (basic && !atMostOne([basic.password, basic.password_file, basic.password_ref])) {
    at.fail('basic_auth', 'at most one of basic_auth password, password_file & password_ref must be configured');
  }
  if (raw.oauth2 && basic) at.fail('oauth2', 'at most one of basic_auth, oauth2 & authorization must be configured');
  const auth = raw.authorization;
  if (!auth) return;
  if (bearer) at.fail('authorization', 'authorization is not compatible with bearer_token & bearer_token_file');
  if (!atMostOne([auth.credentials, auth.credentials_file, auth.credentials_ref])) {
    at.fail('authorization', 'at most one of authorization credentials & credentials_file must be configured');
  }
  if (auth.type.trim().toLowerCase() === 'basic') {
    at.fail('authorization', 'authorization type cannot be set to "basic", use "basic_auth" instead');
  }
  if (basic || raw.oauth2) {
    at.fail('authorization', 'at most one of basic_auth, oauth2 & authorization must be configured');
  }
}

function checkOauth2(raw: RawHttpClient, at: StructPlace): void {
  const auth = raw.oauth2;
  if (!auth) return;
  if (auth.client_id === '') at.fail('oauth2', 'oauth2 client_id must be configured');
  if (auth.token_url === '') at.fail('oauth2', 'oauth2 token_url must be configured');
  if (auth.grant_type === 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
    const keys = [auth.client_certificate_key, auth.client_certificate_key_file, auth.client_certificate_key_ref];
    if (!atMostOne(keys)) {
      const names = 'client_certificate_key, client_certificate_key_file & client_certificate_key_ref';
      at.fail('oauth2', `at most one of oauth2 ${names} must be configured using grant-type=${auth.grant_type}`);
    }
    if (auth.signature_algorithm !== '' && !['RS256', 'RS384', 'RS512'].includes(auth.signature_algorithm)) {
      at.fail('oauth2', 'valid signature algorithms are RS256, RS384 and RS512');
    }
  } else if (!atMostOne([auth.client_secret, auth.client_secret_file, auth.client_secret_ref])) {
    const names = 'client_secret, client_secret_file & client_secret_ref';
    at.fail('oauth2', `at most one of oauth2 ${names} must be configured using grant-type=client_credentials`);
  }
}

function checkProxy(raw: Raw<typeof proxyFields>, at: StructPlace): void {
  const url = raw.proxy_url?.text ?? '';
  if ((raw.proxy_connect_header?.length ?? 0) > 0 && !raw.proxy_from_environment && url === '') {
    const message =
      'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured';
    at.fail('proxy_connect_header', message);
  }
  if (raw.proxy_from_environment && url !== '') {
    at.fail('proxy_url', 'if proxy_from_environment is configured, proxy_url must not be configured');
  }
  if (raw.proxy_from_environment && raw.no_proxy !== '') {
    at.fail('no_proxy', 'if proxy_from_environment is configured, no_proxy must not be configured');
  }
  if (raw.proxy_url === undefined && raw.no_proxy !== '' && !raw.proxy_from_environment) {
    at.fail('no_proxy', 'if no_proxy is configured, proxy_url must also be configured');
  }
}

function authorizationFrom(raw: RawHttpClient): HttpClientConfig['authorization'] {
  if (raw.authorization) {
    return {
      type: raw.authorization.type.trim() || 'Bearer',
      credentials: raw.authorization.credentials,
      credentialsFile: raw.authorization.credentials_file,
    };
  }
  if (raw.bearer_token === undefined && raw.bearer_token_file === undefined) return undefined;
  return { type: 'Bearer', credentials: raw.bearer_token, credentialsFile: raw.bearer_token_file };
}

function proxyHeadersFrom(raw: RawHttpClient): Record<string, readonly Secret[]> {
  const headers: Record<string, readonly Secret[]> = Object.create(null);
  for (const { key, value } of raw.proxy_connect_header ?? [])
    headers[key] = (value ?? []).filter((each) => each !== undefined);
  return headers;
}

function headersFrom(raw: RawHttpClient): HttpClientConfig['httpHeaders'] {
  const headers: Record<string, HttpClientConfig['httpHeaders'][string]> = Object.create(null);
  for (const { key, value } of raw.http_headers ?? []) {
    headers[key] = {
      values: value?.values ?? [],
      secrets: (value?.secrets ?? []).filter((each) => each !== undefined),
      files: (value?.files ?? []).filter((each) => each !== undefined),
    };
  }
  return headers;
}

/** Whether the fields say nothing else than the defaults. `raw` may hold other fields too. */
export function isDefaultHttpClient(raw: RawHttpClient): boolean {
  const empty = (value: unknown): boolean => value === undefined || value === '' || value === false;
  return Object.entries(httpClientFields).every(([name, { absent }]) => {
    const value: unknown = raw[name as keyof RawHttpClient];
    if (name === 'tls_config') return Object.values(raw.tls_config ?? {}).every(empty);
    return value === absent || (!absent && empty(value));
  });
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
