/** Takes the body of an OTLP/HTTP request (`POST /v1/traces`) into a store and says what to answer (OTLP specification 1.x). */
import { gunzipSync, inflateSync } from 'node:zlib';
import { decodeOtlpTraces, encodeOtlpAnswer } from './otlp-protobuf.ts';
import { type OtlpTraces, spansOfOtlp } from './otlp-spans.ts';
import type { TraceStore } from './trace-store.ts';

export interface OtlpAnswer {
  readonly status: 200 | 400 | 413 | 415;
  readonly contentType: 'application/json' | 'application/x-protobuf';
  readonly body: Uint8Array;
}

export interface ReceiveOtlpOptions {
  /** The Content-Encoding header; a gzip body is known by its first bytes as well. */
  readonly contentEncoding?: string | undefined;
  /** Of the body once decompressed; 64 MiB by default. */
  readonly maxBytes?: number | undefined;
}

/** Never throws. Spans that cannot be taken are counted in the answer's partial success; the rest is stored. */
export function receiveOtlp(
  body: Uint8Array,
  contentType: string | undefined,
  store: TraceStore,
  options: ReceiveOtlpOptions = {},
): OtlpAnswer {
  const media = (contentType ?? '').split(';')[0]!.trim().toLowerCase();
  const protobuf = media === 'application/x-protobuf' || media === 'application/protobuf';
  if (!protobuf && media !== 'application/json')
    return refuse(
      415,
      false,
      `content type ${media || 'none'} is not known: send application/json or application/x-protobuf`,
    );
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  const plain = decompressed(body, options.contentEncoding, maxBytes);
  if ('fault' in plain) return refuse(plain.status, protobuf, plain.fault);
  let traces: OtlpTraces;
  try {
    traces = protobuf ? decodeOtlpTraces(plain.body) : parseJson(plain.body);
  } catch (error) {
    return refuse(400, protobuf, `the body cannot be read: ${(error as Error).message}`);
  }
  const { spans, rejected, reason } = spansOfOtlp(traces);
  const dropped = store.add(spans);
  const message = [reason, dropped === 0 ? '' : `the store dropped ${dropped} spans of traces that are too large`]
    .filter((each) => each !== '')
    .join('; ');
  return accept(protobuf, rejected + dropped, message);
}

function decompressed(
  body: Uint8Array,
  contentEncoding: string | undefined,
  maxOutputLength: number,
): { readonly body: Uint8Array } | { readonly fault: string; readonly status: 400 | 413 | 415 } {
  const encoding = (contentEncoding ?? '').trim().toLowerCase();
  const gzip = body[0] === 0x1f && body[1] === 0x8b;
  if (!['', 'identity', 'gzip', 'x-gzip', 'deflate'].includes(encoding))
    return { status: 415, fault: `content encoding ${encoding} is not known: send gzip or none` };
  try {
    const plain = gzip
      ? gunzipSync(body, { maxOutputLength })
      : encoding === 'deflate'
        ? inflateSync(body, { maxOutputLength })
        : body;
    if (plain.length > maxOutputLength)
      return { status: 413, fault: `the body is larger than ${maxOutputLength} bytes` };
    return { body: plain };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return { status: 413, fault: `the body is larger than ${maxOutputLength} bytes` };
    return { status: 400, fault: `the body cannot be decompressed: ${(error as Error).message}` };
  }
}

function parseJson(body: Uint8Array): OtlpTraces {
  const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it is no JSON object');
  return parsed as OtlpTraces;
}

function accept(protobuf: boolean, rejectedSpans: number, errorMessage: string): OtlpAnswer {
  if (protobuf) {
    return { status: 200, contentType: 'application/x-protobuf', body: encodeOtlpAnswer(rejectedSpans, errorMessage) };
  }
  const partial =
    rejectedSpans === 0 && errorMessage === ''
      ? {}
      : { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } };
  return { status: 200, contentType: 'application/json', body: Buffer.from(JSON.stringify(partial)) };
}

/** A `google.rpc.Status` with the code INVALID_ARGUMENT. */
function refuse(status: 400 | 413 | 415, protobuf: boolean, message: string): OtlpAnswer {
  if (!protobuf)
    return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify({ code: 3, message })) };
  const text = Buffer.from(message.slice(0, 100));
  return {
    status,
    contentType: 'application/x-protobuf',
    body: Uint8Array.from([0x08, 3, 0x12, text.length, ...text]),
  };
}
