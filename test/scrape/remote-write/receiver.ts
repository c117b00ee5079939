/** A remote write receiver that decodes what it is sent: Snappy blocks and both protobuf messages. */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSeries {
  readonly labels: Record<string, string>;
  readonly samples: [number, number | 'stale'][];
  readonly exemplars: {
    readonly labels: Record<string, string>;
    readonly value: number;
    readonly timestampMs: number;
  }[];
  readonly histograms: number;
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string } | undefined;
  /** Of the series as a whole, as protocol 2.0 had it up to rc.3. */
  readonly startMs: number;
  /** Of each sample, then of each histogram. */
  readonly startsMs: number[];
}

export class Receiver {
  readonly headers: http.IncomingHttpHeaders[] = [];
  readonly series: ReceivedSeries[] = [];
  readonly metadata: { readonly family: string; readonly type: number; readonly help: string }[] = [];
  /** Answers with this and keeps nothing, where it is not 200. */
  status = 200;
  retryAfter: string | undefined;
  /** Reads everything as a message of 1.0, whatever its type says. */
  knowsOnlyVersion1 = false;
  requests = 0;
  /** The header `Retry-Attempt` of each request, refused ones included. */
  readonly attempts: (string | string[] | undefined)[] = [];
  #port = 0;
  #server: http.Server | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/api/v1/write`;
  }

  async start(): Promise<void> {
    const server = http.createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.requests++;
      this.attempts.push(request.headers['retry-attempt']);
      if (this.status !== 200) {
        if (this.retryAfter !== undefined) response.setHeader('retry-after', this.retryAfter);
        response.writeHead(this.status).end('no thanks\nreally');
        return;
      }
      this.headers.push(request.headers);
      const body = unsnappy(Buffer.concat(chunks));
      if (
        this.knowsOnlyVersion1 ||
        !request.headers['content-type']?.includes('proto=io.prometheus.write.v2.Request')
      ) {
        this.#version1(body);
        response.writeHead(204).end();
        return;
      }
      const before = this.series.length;
      this.#version2(body);
      const samples = this.series.slice(before).reduce((sum, series) => sum + series.samples.length, 0);
      response.writeHead(204, { 'X-Prometheus-Remote-Write-Samples-Written': String(samples) }).end();
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Samples of a metric in the order they came. */
  samples(metric: string): (number | 'stale')[] {
    return this.series
      .filter((series) => series.labels['__name__'] === metric)
      .flatMap((series) => series.samples.map(([, value]) => value));
  }

  #version1(body: Buffer): void {
    const labelsOf = (fields: Field[]): Record<string, string> =>
      Object.fromEntries(all(fields, 1).map((label) => [text(label, 1), text(label, 2)]));
    const message = decode(body);
    for (const series of all(message, 1)) {
      this.series.push({
        labels: labelsOf(series),
        samples: all(series, 2).map((sample) => [integer(sample, 2), double(sample, 1)]),
        exemplars: all(series, 3).map((exemplar) => ({
          labels: labelsOf(exemplar),
          value: double(exemplar, 2) as number,
          timestampMs: integer(exemplar, 3),
        })),
        histograms: all(series, 4).length,
        startMs: 0,
        startsMs: [],
      });
    }
    for (const metadata of all(message, 3)) {
      this.metadata.push({ family: text(metadata, 2), type: integer(metadata, 1), help: text(metadata, 4) });
    }
  }

  #version2(body: Buffer): void {
    const message = decode(body);
    const symbols = message.filter((field) => field.number === 4).map((field) => (field.value as Buffer).toString());
    const labelsOf = (fields: Field[]): Record<string, string> => {
      const references = varints(fields.find((field) => field.number === 1)?.value as Buffer | undefined);
      const labels: Record<string, string> = {};
      for (let i = 0; i < references.length; i += 2) labels[symbols[references[i]!]!] = symbols[references[i + 1]!]!;
      return labels;
    };
    for (const series of all(message, 5)) {
      const metadata = all(series, 5)[0];
      this.series.push({
        labels: labelsOf(series),
        samples: all(series, 2).map((sample) => [integer(sample, 2), double(sample, 1)]),
        exemplars: all(series, 4).map((exemplar) => ({
          labels: labelsOf(exemplar),
          value: double(exemplar, 2) as number,
          timestampMs: integer(exemplar, 3),
        })),
        histograms: all(series, 3).length,
        metadata: metadata && {
          type: integer(metadata, 1),
          help: symbols[integer(metadata, 3)]!,
          unit: symbols[integer(metadata, 4)]!,
        },
        startMs: integer(series, 6),
        startsMs: [
          ...all(series, 2).map((sample) => integer(sample, 3)),
          ...all(series, 3).map((sample) => integer(sample, 17)),
        ],
      });
    }
  }
}

export function unsnappy(input: Buffer): Buffer {
  let at = 0;
  const [length, start] = varint(input, 0);
  at = start;
  const out = Buffer.alloc(length);
  let to = 0;
  while (at < input.length) {
    const tag = input[at++]!;
    if ((tag & 3) === 0) {
      let size = (tag >> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        size = input.readUIntLE(at, bytes) + 1;
        at += bytes;
      }
      to += input.copy(out, to, at, at + size);
      at += size;
      continue;
    }
    let size: number;
    let offset: number;
    if ((tag & 3) === 1) {
      size = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | input[at++]!;
    } else {
      size = (tag >> 2) + 1;
      offset = input.readUInt16LE(at);
      at += 2;
    }
    if (offset === 0 || offset > to) throw new Error('copy from before the beginning');
    for (let i = 0; i < size; i++, to++) out[to] = out[to - offset]!;
  }
  if (to !== length) throw new Error(`${to} bytes instead of ${length}`);
  return out;
}

interface Field {
  readonly number: number;
  readonly value: Buffer | number;
}

function decode(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, next] = varint(bytes, at);
    at = next;
    if ((tag & 7) === 0) {
      const [value, after] = varint(bytes, at);
      fields.push({ number: tag >> 3, value });
      at = after;
    } else {
      const [length, from] = (tag & 7) === 1 ? [8, at] : varint(bytes, at);
      fields.push({ number: tag >> 3, value: bytes.subarray(from, from + length) });
      at = from + length;
    }
  }
  return fields;
}

function varint(bytes: Buffer, from: number): [number, number] {
  let value = 0;
  for (let at = from, factor = 1; ; at++, factor *= 128) {
    value += (bytes[at]! & 0x7f) * factor;
    if (bytes[at]! < 0x80) return [value, at + 1];
  }
}

function varints(bytes: Buffer | undefined): number[] {
  const out: number[] = [];
  for (let at = 0; bytes !== undefined && at < bytes.length; ) {
    const [value, next] = varint(bytes, at);
    out.push(value);
    at = next;
  }
  return out;
}

const all = (fields: Field[], number: number): Field[][] =>
  fields.filter((field) => field.number === number).map((field) => decode(field.value as Buffer));
const text = (fields: Field[], number: number): string =>
  (fields.find((field) => field.number === number)?.value as Buffer | undefined)?.toString() ?? '';
const integer = (fields: Field[], number: number): number =>
  (fields.find((field) => field.number === number)?.value as number | undefined) ?? 0;

function double(fields: Field[], number: number): number | 'stale' {
  const bytes = fields.find((field) => field.number === number)?.value as Buffer | undefined;
  if (bytes === undefined) return 0;
  return bytes.readBigUInt64LE() === 0x7ff0000000000002n ? 'stale' : bytes.readDoubleLE();
}
