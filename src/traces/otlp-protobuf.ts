/** Decodes OTLP's protobuf (`ExportTraceServiceRequest`) to the shape of its JSON, by opentelemetry-proto's field numbers. */
import type { OtlpTraces } from './otlp-spans.ts';
import { ProtobufError, ProtobufReader } from './protobuf-reader.ts';

type Json = Record<string, unknown>;
/** What to do with a field of a message; fields that are not listed are skipped, as protobuf demands. */
type Fields = Readonly<Record<number, (reader: ProtobufReader, into: Json) => void>>;

/** Throws ProtobufError. */
export function decodeOtlpTraces(bytes: Uint8Array): OtlpTraces {
  return read(new ProtobufReader(bytes), tracesData);
}

/** `ExportTraceServiceResponse` with a partial success; empty bytes where all was taken. */
export function encodeOtlpAnswer(rejected: number, message: string): Uint8Array {
  if (rejected === 0 && message === '') return new Uint8Array(0);
  const text = Buffer.from(message);
  const inner = [...(rejected === 0 ? [] : [0x08, ...varint(rejected)]), 0x12, ...varint(text.length), ...text];
  return Uint8Array.from([0x0a, ...varint(inner.length), ...inner]);
}

const MAX_VALUE_DEPTH = 32;

function read(reader: ProtobufReader, fields: Fields, into: Json = {}): Json {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const take = fields[field];
    if (take === undefined) reader.skip();
    else take(reader, into);
  }
  return into;
}

const text = (name: string) => (reader: ProtobufReader, into: Json) => {
  into[name] = reader.string();
};
const hex = (name: string) => (reader: ProtobufReader, into: Json) => {
  into[name] = Buffer.from(reader.bytes()).toString('hex');
};
const time = (name: string) => (reader: ProtobufReader, into: Json) => {
  into[name] = reader.fixed64();
};
const number = (name: string) => (reader: ProtobufReader, into: Json) => {
  into[name] = Number(reader.int64());
};
const one = (name: string, fields: Fields) => (reader: ProtobufReader, into: Json) => {
  into[name] = read(reader.message(), fields, into[name] as Json | undefined);
};
const many = (name: string, fields: Fields) => (reader: ProtobufReader, into: Json) => {
  into[name] ??= [];
  (into[name] as Json[]).push(read(reader.message(), fields));
};
const attributes = (reader: ProtobufReader, into: Json): void => {
  into['attributes'] ??= [];
  (into['attributes'] as Json[]).push(keyValue(reader.message(), 0));
};

const event: Fields = { 1: time('timeUnixNano'), 2: text('name'), 3: attributes };
const link: Fields = { 1: hex('traceId'), 2: hex('spanId'), 3: text('traceState'), 4: attributes };
const status: Fields = { 2: text('message'), 3: number('code') };
const span: Fields = {
  1: hex('traceId'),
  2: hex('spanId'),
  3: text('traceState'),
  4: hex('parentSpanId'),
  5: text('name'),
  6: number('kind'),
  7: time('startTimeUnixNano'),
  8: time('endTimeUnixNano'),
  9: attributes,
  11: many('events', event),
  13: many('links', link),
  15: one('status', status),
};
const scope: Fields = { 1: text('name'), 2: text('version'), 3: attributes };
const scopeSpans: Fields = { 1: one('scope', scope), 2: many('spans', span) };
const resourceSpans: Fields = { 1: one('resource', { 1: attributes }), 2: many('scopeSpans', scopeSpans) };
const tracesData: Fields = { 1: many('resourceSpans', resourceSpans) };

function keyValue(reader: ProtobufReader, depth: number): Json {
  return read(reader, {
    1: text('key'),
    2: (field, into) => {
      into['value'] = anyValue(field.message(), depth + 1);
    },
  });
}

function anyValue(reader: ProtobufReader, depth: number): Json {
  if (depth > MAX_VALUE_DEPTH) throw new ProtobufError('an attribute value is nested too deeply');
  return read(reader, {
    1: text('stringValue'),
    2: (field, into) => {
      into['boolValue'] = field.varint() !== 0n;
    },
    3: (field, into) => {
      into['intValue'] = String(field.int64());
    },
    4: (field, into) => {
      into['doubleValue'] = field.double();
    },
    5: (field, into) => {
      into['arrayValue'] = list(field.message(), (each) => anyValue(each, depth + 1));
    },
    6: (field, into) => {
      into['kvlistValue'] = list(field.message(), (each) => keyValue(each, depth + 1));
    },
    7: (field, into) => {
      into['bytesValue'] = Buffer.from(field.bytes()).toString('base64');
    },
  });
}

function list(reader: ProtobufReader, item: (reader: ProtobufReader) => Json): Json {
  const values: Json[] = [];
  return read(
    reader,
    {
      1: (field) => {
        values.push(item(field.message()));
      },
    },
    { values },
  );
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}
