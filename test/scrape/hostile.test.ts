import * as net from 'node:net';
import * as zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { type Answer, Rig } from './rig.ts';

/** Patient, since the machine may be busy with other things. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 10 });

let rig: Rig;

beforeEach(async () => {
  rig = new Rig();
  await rig.start();
});

afterEach(() => rig.stop());

const short = { scrapeTimeoutMs: 150 };

/** Writes without end, as fast as the other side reads. */
const endless =
  (type: string, line: string, encoding?: 'gzip'): Answer =>
  (_request, response) => {
    response.setHeader('content-type', type);
    if (encoding) response.setHeader('content-encoding', encoding);
    const sink = encoding ? zlib.createGzip({ level: 1 }) : response;
    if (encoding) (sink as zlib.Gzip).pipe(response);
    const chunk = Buffer.from(line.repeat(Math.ceil(65536 / line.length)));
    const more = (): void => {
      while (!response.destroyed && sink.write(chunk)) if (response.socket?.destroyed) return;
      if (!response.destroyed) sink.once('drain', more);
    };
    more();
  };

const cases: Record<string, { answer: Answer; error: RegExp; more?: object }> = {
  'hangs before it answers': { answer: () => {}, error: /within 0\.15s: context deadline exceeded$/, more: short },
  'hangs within its body': {
    answer: (_request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.write('a 1\n');
    },
    error: /context deadline exceeded$/,
    more: short,
  },
  'drips byte by byte': {
    answer: (_request, response) => {
      response.setHeader('content-type', 'text/plain');
      const timer = setInterval(() => response.write('#'), 10);
      response.on('close', () => clearInterval(timer));
    },
    error: /context deadline exceeded$/,
    more: short,
  },
  'answers 500': {
    answer: (_request, response) => void response.writeHead(500).end('a 1\n'),
    error: /^server returned HTTP status 500 Internal Server Error$/,
  },
  'answers 500 without end': {
    answer: (request, response) => {
      response.statusCode = 500;
      (endless('text/plain', 'a 1\n') as Exclude<Answer, string | Uint8Array>)(request, response);
    },
    error: /^server returned HTTP status 500 Internal Server Error$/,
  },
  'answers HTML': {
    answer: (_request, response) => void response.setHeader('content-type', 'text/html').end('<html>'),
    error: /^received unsupported Content-Type "text\/html"/,
  },
  'answers HTML without end': {
    answer: endless('text/html', '<p>'),
    error: /^received unsupported Content-Type "text\/html"/,
  },
  'answers without a content type': {
    answer: (_request, response) => void response.end('a 1\n'),
    error: /Content-Type/,
  },
  'answers HTML as text': {
    answer: '<html></html>',
    error: /"<"/,
  },
  'breaks off within a line': { answer: 'a 1\nb{x="', error: /./ },
  'breaks off within its body': {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' });
      response.write('a 1\n');
      setTimeout(() => response.destroy(), 20);
    },
    error: /unexpected EOF/,
  },
  'sends without end': {
    answer: endless('text/plain', 'a 1\n'),
    error: /^body size limit exceeded/,
    more: { bodySizeLimitBytes: 4 << 20 },
  },
  'sends a gzip bomb': {
    answer: endless('text/plain', '# nothing here at all to see\n', 'gzip'),
    error: /^body size limit exceeded/,
    more: { bodySizeLimitBytes: 4 << 20 },
  },
  'says gzip and sends none': {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end('a 1\n');
    },
    error: /compressed body cannot be undone/,
  },
  'redirects to itself': {
    answer: (request, response) => void response.writeHead(302, { location: request.url! }).end(),
    error: /stopped after 10 redirects/,
  },
};

it.each(Object.keys(cases))('a target that %s is down, by that reason, and comes back', async (name) => {
  const { answer, error, more } = cases[name]!;
  rig.apply(rig.job(more));
  await rig.scrape(answer);
  expect(rig.error).toMatch(error);
  expect(rig.stored('up')).toEqual({ up: [0] });
  expect(rig.stored('a')).toEqual({});
  await rig.scrape('a 1\n');
  expect([rig.error, rig.stored('a|up')]).toEqual(['', { a: [1], up: [0, 1] }]);
});

it('says of a port that nobody listens on that the connection is refused', async () => {
  rig.apply(rig.job({}, { __address__: '127.0.0.1:1' }));
  await rig.turn();
  expect(rig.error).toBe('127.0.0.1:1: connection refused');
});

describe('many bad targets', () => {
  it('do not hold up the good ones', async () => {
    const hanging = net.createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const bad = `127.0.0.1:${(hanging.address() as net.AddressInfo).port}`;
    const target = (address: string, i: number): Labels => Labels.of({ __address__: address, n: String(i) });
    const targets = Array.from({ length: 100 }, (_, i) => target(i % 2 === 0 ? bad : rig.address, i));
    const place = { file: 'x', line: 1, column: 1 };
    const groups = [{ source: '0', targets, labels: Labels.EMPTY }];
    rig.answer = 'a 1\n';
    rig.apply(rig.job({ discoveries: [{ kind: 'static', place, groups }] }));
    await rig.clock.advance(10_000);
    const good = () => rig.manager.targets().active.filter((each) => each.scrapeUrl.includes(rig.address));
    await eventually(() => good().every((each) => each.health === 'up')).toBe(true);
    rig.manager.close();
    await eventually(() => new Promise((resolve) => hanging.getConnections((_, count) => resolve(count)))).toBe(0);
    hanging.close();
  });
});
