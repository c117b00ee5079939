/** The headers that a configuration's credentials put on a request, files read again at each. */
import { readFile } from 'node:fs/promises';
import { defaultHttpClientConfig, type HttpClientConfig } from '../config/http-config.ts';
import type { Secret } from '../config/secret.ts';
import { type HttpClient, HttpError } from './client.ts';
import { hostOf } from './fault.ts';

type Headers = Record<string, string | string[]>;
type OAuth2Config = NonNullable<HttpClientConfig['oauth2']>;

interface CredentialDeps {
  nowMs(): number;
  /** The client that asks for tokens. */
  clientFor(config: HttpClientConfig): HttpClient;
}

/** A token counts as expired this long before it is. */
const EXPIRY_MARGIN_MS = 10_000;
const TOKEN_TIMEOUT_MS = 30_000;

export class Credentials {
  readonly #config: HttpClientConfig;
  readonly #deps: CredentialDeps;
  #tokenClient: HttpClient | undefined;
  #token: { readonly header: string; readonly secret: string; readonly expiresMs: number } | undefined;
  #fetching: Promise<string> | undefined;

  constructor(config: HttpClientConfig, deps: CredentialDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /**
   * Sets the Authorization header, where the request did not bring one itself: of the URL, otherwise, if `configured`, of the configuration.
   * A user that a URL names comes before a configured one, in a redirect's URL, too, as with Go's client; only OAuth2 comes before both.
   */
  async applyAuthorization(headers: Headers, url: URL, configured: boolean, signal: AbortSignal): Promise<void> {
    if (headers['authorization'] !== undefined) return;
    const ofUrl =
      url.username === '' && url.password === ''
        ? undefined
        : basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
    const configuredWins = configured && (ofUrl === undefined || this.#config.oauth2 !== undefined);
    const authorization = configuredWins ? await this.#authorization(signal) : ofUrl;
    if (authorization !== undefined) headers['authorization'] = authorization;
  }

  /** Sets what `http_headers` says. */
  async applyHeaders(headers: Headers): Promise<void> {
    for (const [name, { values, secrets, files }] of Object.entries(this.#config.httpHeaders)) {
      const all = [...values, ...secrets.map((secret) => secret.reveal())];
      for (const file of files) all.push(await readTrimmed(file));
      if (all.length > 0) headers[name.toLowerCase()] = all.length === 1 ? all[0]! : all;
    }
  }

  close(): void {
    this.#tokenClient?.close();
  }

  async #authorization(signal: AbortSignal): Promise<string | undefined> {
    const { basicAuth, authorization, oauth2 } = this.#config;
    if (basicAuth !== undefined) {
      const username = basicAuth.usernameFile ? await readTrimmed(basicAuth.usernameFile) : (basicAuth.username ?? '');
      return basic(username, await secretOf(basicAuth.password, basicAuth.passwordFile));
    }
    if (authorization !== undefined) {
      const credentials = await secretOf(authorization.credentials, authorization.credentialsFile);
      return `${authorization.type || 'Bearer'} ${credentials}`;
    }
    return oauth2 === undefined ? undefined : await this.#oauth2Header(oauth2, signal);
  }

  async #oauth2Header(config: OAuth2Config, signal: AbortSignal): Promise<string> {
    const secret = await secretOf(config.clientSecret, config.clientSecretFile);
    const token = this.#token;
    if (token !== undefined && token.secret === secret && this.#deps.nowMs() < token.expiresMs) return token.header;
    // Requests that need a token at the same moment wait for the same one, each only as long as itself lives.
    this.#fetching ??= this.#fetchToken(config, secret).finally(() => {
      this.#fetching = undefined;
    });
    return await untilAborted(this.#fetching, signal);
  }

  /** RFC 6749 section 4.4; the client authenticates by header first and, where that is refused, in the form. */
  async #fetchToken(config: OAuth2Config, secret: string): Promise<string> {
    this.#tokenClient ??= this.#deps.clientFor({
      ...defaultHttpClientConfig,
      tls: config.tls ?? defaultHttpClientConfig.tls,
      ...(config.proxyUrl !== undefined && { proxyUrl: config.proxyUrl }),
    });
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (config.scopes.length > 0) form.set('scope', config.scopes.join(' '));
    for (const [name, value] of Object.entries(config.endpointParams)) form.set(name, value);
    form.sort();
    const identity = `${encodeURIComponent(config.clientId)}:${encodeURIComponent(secret)}`;
    let answer = await this.#post(config, form, {
      authorization: `Basic ${Buffer.from(identity).toString('base64')}`,
    });
    if (answer.status >= 400 && answer.status < 500) {
      form.set('client_id', config.clientId);
      if (secret !== '') form.set('client_secret', secret);
      answer = await this.#post(config, form, {});
    }
    const host = hostOf(new URL(config.tokenUrl));
    if (answer.status < 200 || answer.status > 299) {
      throw new HttpError('authentication', `OAuth2: ${host} refused a token with HTTP status ${answer.status}`);
    }
    const granted = parseToken(answer.body);
    if (granted === undefined) {
      throw new HttpError('authentication', `OAuth2: the answer of ${host} holds no access_token`);
    }
    const lifeMs = granted.lifeSeconds === undefined ? Number.POSITIVE_INFINITY : granted.lifeSeconds * 1000;
    this.#token = {
      header: `${granted.type} ${granted.token}`,
      secret,
      expiresMs: this.#deps.nowMs() + lifeMs - EXPIRY_MARGIN_MS,
    };
    return this.#token.header;
  }

  #post(config: OAuth2Config, form: URLSearchParams, headers: Record<string, string>) {
    return this.#tokenClient!.request({
      method: 'POST',
      url: config.tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
      body: form.toString(),
      timeoutMs: TOKEN_TIMEOUT_MS,
      maxBodyBytes: 1 << 20,
    });
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function secretOf(secret: Secret | undefined, file: string | undefined): Promise<string> {
  return file ? await readTrimmed(file) : (secret?.reveal() ?? '');
}

async function readTrimmed(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HttpError('authentication', `${file} cannot be read: ${code === 'ENOENT' ? 'no such file' : code}`);
  }
}

function parseToken(
  body: Uint8Array,
): { readonly token: string; readonly type: string; readonly lifeSeconds: number | undefined } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
  const fields = (answer ?? {}) as Record<string, unknown>;
  const token = fields['access_token'];
  if (typeof token !== 'string' || token === '') return undefined;
  const type = typeof fields['token_type'] === 'string' ? fields['token_type'] : 'Bearer';
  const life = Number(fields['expires_in'] ?? Number.NaN);
  return {
    token,
    type: type.toLowerCase() === 'bearer' ? 'Bearer' : type,
    lifeSeconds: life > 0 ? life : undefined,
  };
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new HttpError('canceled', 'canceled while waiting for an OAuth2 token'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
