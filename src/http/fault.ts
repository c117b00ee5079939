/** What went wrong with a request, as one sentence that names the host and never a URL's path, query or credentials. */
import { HttpError, type HttpFault, type HttpRequest } from './client.ts';

/** `expired`: the request's own time-out ended it. */
export function asHttpError(error: unknown, request: HttpRequest, expired: boolean): HttpError {
  if (expired) {
    const seconds = (request.timeoutMs ?? 0) / 1000;
    return new HttpError(
      'timeout',
      `no complete answer from ${hostIn(request.url)} within ${seconds}s: context deadline exceeded`,
    );
  }
  if (request.signal?.aborted) return new HttpError('canceled', `the request to ${hostIn(request.url)} was canceled`);
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof HttpError) return at;
  const code = codeOf(error);
  const [fault, text] = describe(code, error);
  return new HttpError(fault, `${hostIn(request.url)}: ${text}`);
}

/** `host:port` of a URL, without anything that could be secret. */
export function hostOf(url: URL): string {
  return url.port === '' ? `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}` : url.host;
}

/** The same of a URL that may not parse. */
export function hostIn(url: string): string {
  return URL.canParse(url) ? hostOf(new URL(url)) : 'a URL that cannot be parsed';
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && code !== 'ERR_BAD_RESPONSE') return code;
  }
  return '';
}

function describe(code: string, error: unknown): readonly [HttpFault, string] {
  const known = SENTENCES[code];
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  if (isTlsCode(code)) return ['tls', `TLS handshake failed: ${tlsReason(code, message)}`];
  if (code.startsWith('HPE_')) return ['other', `malformed HTTP response (${message.replace('Parse Error: ', '')})`];
  if (/^Z_|^ERR_ZSTD|^ERR__?ERROR_FORMAT|^ERR_BROTLI|^ZSTD_/.test(code)) {
    return ['other', `the compressed body cannot be undone (${message})`];
  }
  return ['other', code === '' ? message : `${message} (${code})`];
}

const SENTENCES: Readonly<Record<string, readonly [HttpFault, string]>> = {
  ECONNREFUSED: ['refused', 'connection refused'],
  ENOTFOUND: ['dns', 'no such host'],
  EAI_AGAIN: ['dns', 'the name cannot be resolved now (temporary failure in name resolution)'],
  EAI_FAIL: ['dns', 'the name cannot be resolved (the name server failed)'],
  ECONNRESET: ['reset', 'the connection was closed before an answer came (connection reset)'],
  EPIPE: ['reset', 'the connection was closed while the request was sent (broken pipe)'],
  ERR_STREAM_PREMATURE_CLOSE: ['reset', 'the connection was lost before the body was complete (unexpected EOF)'],
  ECONNABORTED: ['reset', 'the connection was aborted'],
  ETIMEDOUT: ['timeout', 'the connection timed out (i/o timeout)'],
  EHOSTUNREACH: ['refused', 'no route to host'],
  ENETUNREACH: ['refused', 'network is unreachable'],
  EADDRNOTAVAIL: ['other', 'cannot assign requested address'],
  EMFILE: ['other', 'too many open files'],
  Z_BUF_ERROR: ['other', 'the compressed body ends too early (unexpected EOF)'],
  ERR_INVALID_URL: ['other', 'the URL cannot be parsed'],
  ERR_INVALID_CHAR: ['other', 'a header holds a character that HTTP does not allow'],
};

function isTlsCode(code: string): boolean {
  return /^(EPROTO|ERR_SSL|ERR_TLS|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|HOSTNAME_MISMATCH)/.test(
    code,
  );
}

const PLAIN_SERVER = 'the server answers in plain HTTP to an HTTPS client';

function tlsReason(code: string, message: string): string {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `certificate signed by unknown authority (${code})`;
    case 'CERT_HAS_EXPIRED':
      return 'certificate has expired';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return PLAIN_SERVER;
    default:
      if (/wrong version number|packet length too long/.test(message)) return PLAIN_SERVER;
      return message.replace(/^.*:SSL routines:[^:]*:/, '').trim();
  }
}
