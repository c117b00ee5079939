/** Whether a text is a URL, by the rules and in the words of Go's `net/url.Parse`. */

export interface GoUrl {
  readonly text: string;
  readonly scheme: string;
  /** With the port; empty where there is none. */
  readonly host: string;
  /** Everything between `//` and `@`, undefined where there is no `@`. */
  readonly userInfo: string | undefined;
  readonly path: string;
}

export class UrlError extends Error {
  override readonly name = 'UrlError';
  /** The message without the URL, which may hold a secret. */
  readonly reason: string;

  constructor(text: string, reason: string) {
    super(`parse ${JSON.stringify(text)}: ${reason}`);
    this.reason = reason;
  }
}

/** Throws UrlError. */
export function parseGoUrl(text: string): GoUrl {
  const fail = (reason: string): never => {
    throw new UrlError(text, reason);
  };
  if (/[\x00-\x1f\x7f]/.test(text)) fail('net/url: invalid control character in URL');
  const [beforeFragment = '', ...fragments] = text.split('#');
  checkEscapes(fragments.join('#'), fail);
  const colon = /^([^a-zA-Z]?)([a-zA-Z][a-zA-Z0-9+.-]*)?:/.exec(beforeFragment);
  if (beforeFragment.startsWith(':')) fail('missing protocol scheme');
  const scheme = colon && colon[1] === '' && colon[2] ? colon[2] : '';
  const afterScheme = scheme === '' ? beforeFragment : beforeFragment.slice(scheme.length + 1);
  const rest = afterScheme.split('?', 1)[0]!;
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { text, scheme: scheme.toLowerCase(), host: '', userInfo: undefined, path: rest };
    if (rest.split('/', 1)[0]!.includes(':')) fail('first path segment in URL cannot contain colon');
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    checkEscapes(rest, fail);
    return { text, scheme: scheme.toLowerCase(), host: '', userInfo: undefined, path: rest };
  }
  const authority = rest.slice(2).split('/', 1)[0]!;
  const path = rest.slice(2 + authority.length);
  const at = authority.lastIndexOf('@');
  const userInfo = at < 0 ? undefined : authority.slice(0, at);
  const host = authority.slice(at + 1);
  checkHost(host, fail);
  if (userInfo !== undefined) {
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userInfo)) fail('net/url: invalid userinfo');
    checkEscapes(userInfo, fail);
  }
  checkEscapes(path, fail);
  return { text, scheme: scheme.toLowerCase(), host, userInfo, path };
}

function checkHost(host: string, fail: (reason: string) => never): void {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) fail("missing ']' in host");
    checkPort(host.slice(end + 1), fail);
  } else if (host.includes(':')) checkPort(host.slice(host.lastIndexOf(':')), fail);
  const bad = /[\x00-\x20"#/?@\\^`{|}\x7f]/.exec(host.replaceAll('"', ''));
  if (bad) fail(`invalid character ${JSON.stringify(bad[0])} in host name`);
  // Of what is escaped, only bytes beyond ASCII belong in a host, and the `%` before an IPv6 zone.
  const escaped = /%(?!25|[89a-fA-F][0-9a-fA-F]).{0,2}/.exec(host);
  if (escaped) fail(`invalid URL escape ${JSON.stringify(escaped[0])}`);
}

function checkPort(port: string, fail: (reason: string) => never): void {
  if (port !== '' && !/^:[0-9]*$/.test(port)) fail(`invalid port ${JSON.stringify(port)} after host`);
}

function checkEscapes(part: string, fail: (reason: string) => never): void {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(part);
  if (bad) fail(`invalid URL escape ${JSON.stringify(bad[0])}`);
}
