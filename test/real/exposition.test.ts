import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExpositionCache, type ExpositionFormat, parseExposition } from '../../src/exposition/exposition.ts';
import { acceptHeader } from '../../src/exposition/negotiation.ts';
import { CollectingSink } from '../exposition/collecting-sink.ts';
import { freePort } from '../free-port.ts';

const prometheus = [
  ...(process.env['WATCHFIRE_PEERS'] ?? '').split(delimiter),
  ...(process.env['PATH'] ?? '').split(delimiter),
]
  .flatMap((folder) => [join(folder, 'prometheus'), join(folder, 'usr/bin/prometheus')])
  .find((path) => existsSync(path));
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

const SEED = Number(process.env['WATCHFIRE_SEED'] ?? 20_261_123);
const BODIES = Number(process.env['WATCHFIRE_BODIES'] ?? 300);

interface Body {
  readonly format: ExpositionFormat;
  readonly bytes: Buffer;
}

describe.skipIf(prometheus === undefined)('the same bodies scraped by a real Prometheus', () => {
  const bodies = generated(SEED, BODIES);
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-exposition-'));
  const accepts = new Set<string>();
  const scraped = new Map<number, number>();
  let server: Server;
  let child: ChildProcess;
  let base = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      const number = Number(request.url!.slice(1));
      accepts.add(request.headers.accept ?? '');
      scraped.set(number, (scraped.get(number) ?? 0) + 1);
      const { format, bytes } = bodies[number]!;
      const type = format === 'text' ? 'text/plain; version=0.0.4' : 'application/openmetrics-text; version=1.0.0';
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const jobs = bodies.map(
      (_, i) =>
        `- {job_name: 'j${i}', metrics_path: /${i}, honor_timestamps: false, static_configs: [{targets: ['${target}']}]}`,
    );
    const config = `global: {scrape_interval: 2s, scrape_timeout: 2s}\nscrape_configs:\n${jobs.join('\n')}\n`;
    writeFileSync(join(directory, 'prometheus.yml'), config);
    const listen = `127.0.0.1:${await freePort()}`;
    base = `http://${listen}`;
    child = spawn(
      prometheus!,
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${listen}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    for (let i = 0; i < 300 && (scraped.size < bodies.length || Math.min(...scraped.values()) < 2); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  });

  afterAll(async () => {
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill();
    server.closeAllConnections();
    server.close();
    await gone;
    rmSync(directory, { recursive: true });
  });

  it('are accepted or refused alike, and give the same series', async () => {
    const targets = (await ask(`${base}/api/v1/targets?state=active`)) as {
      activeTargets: { labels: { job: string }; health: string; lastError: string }[];
    };
    const verdicts = new Map(
      targets.activeTargets.map(({ labels, health, lastError }) => [labels.job, { health, lastError }]),
    );
    const wrong: string[] = [];
    let accepted = 0;
    for (const [i, { format, bytes }] of bodies.entries()) {
      const { health, lastError } = verdicts.get(`j${i}`)!;
      const cache = new ExpositionCache();
      const sink = new CollectingSink();
      let refusal = '';
      try {
        for (let round = 0; round < 2; round++) {
          sink.clear();
          parseExposition(format, bytes, sink, { cache });
        }
      } catch (error) {
        refusal = String(error);
      }
      const shown = `${format} ${JSON.stringify(bytes.toString('latin1'))}`;
      if ((health === 'up') !== (refusal === '')) {
        wrong.push(`${shown}: Prometheus says ${health} ${lastError}, we ${refusal || 'accept'}`);
      } else if (refusal === '') {
        accepted++;
        const query = `{job="j${i}",__name__!~"up|scrape_.*"}`;
        const answer = (await ask(`${base}/api/v1/query?query=${encodeURIComponent(query)}`)) as {
          result: { metric: Record<string, string>; value: [number, string] }[];
        };
        const theirs = answer.result
          .map(
            ({ metric: { job: _job, instance: _instance, ...labels }, value }) =>
              `${line(labels)} ${Number(value[1].replace('Inf', 'Infinity'))}`,
          )
          .sort();
        const ours = [...sink.latest()].map(([labels, value]) => `${line(labels.toRecord())} ${value}`).sort();
        if (JSON.stringify(ours) !== JSON.stringify(theirs))
          wrong.push(`${shown}: ${theirs} for Prometheus, ${ours} here`);
      }
    }
    console.log(`seed ${SEED}: ${bodies.length} bodies, ${accepted} accepted`);
    expect(wrong).toEqual([]);
  });

  it('are asked for with the same Accept header', () => {
    const protocols = [
      'OpenMetricsText1.0.0',
      'OpenMetricsText0.0.1',
      'PrometheusText1.0.0',
      'PrometheusText0.0.4',
    ] as const;
    expect([...accepts]).toEqual([acceptHeader(protocols, 'allow-utf-8')]);
  });
});

function line(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function ask(url: string): Promise<unknown> {
  const answer = (await (await fetch(url)).json()) as { data: unknown };
  return answer.data;
}

/** Bodies of a few lines, most of them good, with a fault in about every second one. */
function generated(seed: number, count: number): Body[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const name = (): string => pick(['a', 'a_total', 'b_bucket', 'b_sum', 'b_count', 'c:d', '_e', 's', 'x_seconds', 'b']);
  const value = (): string =>
    pick([
      '1',
      '-2.5',
      '1e3',
      'NaN',
      '+Inf',
      '.5',
      '5.',
      '0x1',
      '1_0',
      'inf',
      '-0',
      '1e-400',
      '12345678901234567890',
      'nan',
      'infinity',
      '1e',
    ]);
  const label = (): string => {
    const text = pick([
      '1',
      'x y',
      'é',
      '\\"',
      '\\\\',
      '\\n',
      '\\z',
      '',
      '+Inf',
      '0.50',
      '1e3',
      '#',
      '}',
      '1,2',
      '\u0001',
      '10000000',
    ]);
    return `${pick(['le', 'quantile', 'x', 'y', 'z', '"q r"', '"ü"', '__name__', 'l1', 'x'])}="${text}"`;
  };
  const labels = (loose: boolean): string => {
    const list = Array.from({ length: random(4) }, label);
    if (random(8) === 0) list.unshift(`"${pick(['n m', 'ok', '', 'é', 'a\\"b'])}"`);
    return `{${list.join(loose ? pick([',', ', ', ' , ', ' ']) : ',')}${random(6) === 0 ? ',' : ''}}`;
  };
  const sample = (format: ExpositionFormat): string => {
    const text = format === 'text';
    const head = random(10) === 0 ? labels(text) : name() + (random(2) === 0 ? labels(text) : '');
    const gap = text ? pick([' ', ' ', '\t', '  ']) : ' ';
    const time =
      random(4) === 0
        ? gap + (text ? pick(['1700000000000', '0', '17']) : pick(['1700000000', '1.5', '-1', '1e9']))
        : '';
    const exemplar =
      !text && random(4) === 0
        ? ` # {${pick(['', 'trace_id="x"', 'a="1",b="2"'])}} ${value()}${pick(['', ' 1.5', ' 17'])}`
        : '';
    return head + gap + value() + time + exemplar + (text ? pick(['', '', ' ', '\t']) : '');
  };
  const meta = (format: ExpositionFormat): string => {
    const type = pick([
      'counter',
      'gauge',
      'histogram',
      'summary',
      ...(format === 'text' ? ['untyped'] : ['info', 'stateset', 'unknown', 'gaugehistogram']),
    ]);
    const family = pick(['a', 'b', 's', 'x_seconds', '"q r"']);
    if (format === 'text')
      return pick([
        `# TYPE ${family} ${type}`,
        `# HELP ${family} some text`,
        `#\tTYPE\t${family} ${type}`,
        '# a comment',
        '#no space',
        '',
        `# HELP ${family}`,
      ]);
    return pick([
      `# TYPE ${family} ${type}`,
      `# HELP ${family} some text`,
      `# UNIT ${pick(['x_seconds', 'a'])} ${pick(['seconds', ''])}`,
    ]);
  };
  const faults = [
    ' ',
    '{',
    '}',
    '"',
    ',',
    '=',
    '\\',
    '\n',
    '\t',
    '#',
    '\0',
    '\xff',
    '1',
    '-',
    'e',
    '# EOF\n',
    '\r',
    '.',
    '@',
  ];
  return Array.from({ length: count }, () => {
    const format = pick(['text', 'openmetrics'] as const);
    const list = Array.from({ length: 1 + random(4) }, () => (random(3) === 0 ? meta(format) : sample(format)));
    let body = `${list.join('\n')}${random(10) === 0 ? '' : '\n'}`;
    if (format === 'openmetrics' && random(20) > 0) body += `# EOF${pick(['', '\n'])}`;
    let bytes = Buffer.from(body);
    if (random(2) === 0) {
      const at = random(bytes.length + 1);
      const fault = Buffer.from(pick(faults), 'latin1');
      bytes = Buffer.concat([bytes.subarray(0, at), fault, bytes.subarray(at + random(2))]);
    }
    return { format, bytes };
  });
}
