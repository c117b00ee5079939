/** Reads an answer of a Jaeger query service, and says in a sentence what is wrong where it is none. */
import type { HttpResponse } from '../http/client.ts';
import { withoutCredentials } from '../logs/source-health.ts';

/** Jaeger did not give what was asked for; the message is a sentence for a person. */
export class JaegerError extends Error {
  override readonly name = 'JaegerError';
  /** `no-such-api`: something answers, but not this API. */
  readonly kind: 'no-such-api' | 'bad-request' | 'refused' | 'failed';

  constructor(kind: JaegerError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The JSON values of the body (a stream of traces comes as several), undefined where Jaeger says it has no such trace. */
export function readJaegerAnswer(response: HttpResponse): readonly unknown[] | undefined {
  const text = new TextDecoder().decode(response.body);
  const values = jsonValues(text);
  const place = withoutCredentials(response.url);
  if (response.status === 404) {
    if (values !== undefined && errorText(values[0]) !== undefined) return undefined;
    throw new JaegerError('no-such-api', `${place} answers 404: is this the Jaeger query port (16686 by default)?`);
  }
  if (response.status === 401 || response.status === 403)
    throw new JaegerError('refused', `${place} refuses the credentials (${response.status})`);
  if (response.status >= 400) {
    const kind = response.status === 400 ? 'bad-request' : 'failed';
    throw new JaegerError(kind, `${place} answers ${response.status}: ${errorText(values?.[0]) ?? firstLine(text)}`);
  }
  if (values === undefined) {
    const what = /^\s*</.test(text) ? 'HTML' : text.trim() === '' ? 'nothing' : 'something that is no JSON';
    throw new JaegerError('no-such-api', `${place} answers ${what}: is this the Jaeger query port (16686 by default)?`);
  }
  const error = errorText(values[0]);
  if (error !== undefined) throw new JaegerError('failed', `${place} says: ${error}`);
  return values;
}

/** One value, or one a line, or one after the other; undefined where it is no JSON. */
function jsonValues(text: string): readonly unknown[] | undefined {
  try {
    return [JSON.parse(text)];
  } catch {
    // A stream: values one after the other.
  }
  const values: unknown[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    try {
      values.push(JSON.parse(line));
    } catch {
      return undefined;
    }
  }
  return values.length === 0 ? undefined : values;
}

/** Both APIs' ways to say an error: `{error: {message}}`, `{errors: [{msg}]}`, gRPC's `{code, message}`. */
function errorText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { error, errors, code, message } = value as Record<string, unknown>;
  if (typeof error === 'string' && error !== '') return error;
  if (typeof error === 'object' && error !== null)
    return String((error as { message?: unknown }).message ?? 'an error');
  const partial = (value as { data?: unknown }).data;
  if (Array.isArray(errors) && errors.length > 0 && !(Array.isArray(partial) && partial.length > 0))
    return String((errors[0] as { msg?: unknown } | null)?.msg ?? 'an error');
  if (typeof code === 'number' && code !== 0 && typeof message === 'string') return message;
  return undefined;
}

function firstLine(text: string): string {
  const line = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return line === '' ? 'no reason given' : line.slice(0, 200);
}
