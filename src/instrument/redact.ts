/** Takes secrets out of what is about to be logged: values under telling names, credentials inside text. */

const REDACTED = '[redacted]';

const SECRET_NAME =
  /pass(word|wd|phrase)|secret|token|authori[sz]ation|cookie|api[-_]?key|private[-_]?key|credential|session[-_]?id|card[-_]?number|cvv|cvc|\bssn\b/i;
const NOT_SECRET = /^(tokens?_?(count|used|total)|token_type)$/i;
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi;
const AUTHORIZATION = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;
const SECRET_PAIR = /\b(password|passwd|secret|token|access_token|api[-_]?key)=[^\s&;,"']+/gi;
const MAX_DEPTH = 8;

/** A copy without secrets; errors become `{name, message, stack}`, what is nested too deep or in a circle a word. */
export function redact(value: unknown): unknown {
  return redactNested(value, 0, []);
}

/** The text with credentials in URLs, authorization headers and `password=…` pairs taken out. */
export function redactText(text: string): string {
  return text
    .replace(URL_CREDENTIALS, `$1${REDACTED}@`)
    .replace(AUTHORIZATION, `$1 ${REDACTED}`)
    .replace(SECRET_PAIR, `$1=${REDACTED}`);
}

function redactNested(value: unknown, depth: number, above: readonly object[]): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (above.includes(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[too deep]';
  const below = [...above, value];
  if (value instanceof Error) return redactError(value, depth, below);
  if (Array.isArray(value)) return value.map((item) => redactNested(item, depth + 1, below));
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  const copy: Record<string, unknown> = {};
  for (const [key, item] of entries) {
    const name = String(key);
    copy[name] =
      isSecretName(name) && item !== undefined && item !== null ? REDACTED : redactNested(item, depth + 1, below);
  }
  return copy;
}

function redactError(error: Error, depth: number, below: readonly object[]): Record<string, unknown> {
  const copy: Record<string, unknown> = { name: error.name, message: redactText(error.message) };
  if (error.stack !== undefined) copy['stack'] = redactText(error.stack);
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined) copy['code'] = code;
  if (error.cause !== undefined) copy['cause'] = redactNested(error.cause, depth + 1, below);
  return copy;
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !NOT_SECRET.test(name);
}
