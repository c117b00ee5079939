import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import type { DiscoveryConfig, TargetGroup } from '../../src/config/prometheus-config.ts';
import { createDiscovery, type Discovery, type DiscoveryDeps } from '../../src/discovery/discovery.ts';
import type { DnsResolver } from '../../src/discovery/dns.ts';
import { parseSearchList } from '../../src/discovery/search-list.ts';
import { createHttpClient } from '../../src/http/axios.ts';
import { Labels } from '../../src/labels/labels.ts';

/** Patient, since the machine may be busy with other things. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 10 });

const place = { file: 'prometheus.yml', line: 7, column: 5 };
const reports: string[] = [];
const running: Discovery[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchfire-discovery-'));
});

afterEach(async () => {
  for (const each of running.splice(0)) each.stop();
  reports.length = 0;
  await rm(folder, { recursive: true });
});

const deps: DiscoveryDeps = {
  clock: systemClock,
  createHttpClient,
  report: (severity, text) => reports.push(`${severity}: ${text}`),
  random: () => 0.5,
  searchList: { domains: [], ndots: 1 },
};

function discover(config: DiscoveryConfig, more: Partial<DiscoveryDeps> = {}) {
  const deliveries: (readonly TargetGroup[])[] = [];
  const discovery = createDiscovery(config, { ...deps, ...more });
  running.push(discovery);
  discovery.start((groups) => deliveries.push(groups));
  const last = () =>
    deliveries.at(-1)?.map((group) => ({
      source: group.source,
      labels: { ...group.labels.toRecord() },
      targets: group.targets.map((target) => ({ ...target.toRecord() })),
    }));
  return { discovery, deliveries, last };
}

const addresses = (groups: { targets: Record<string, string>[] }[] | undefined): (string | undefined)[] | undefined =>
  groups?.flatMap((group) => group.targets.map((target) => target['__address__']));

it('delivers static groups at once', () => {
  const groups = [{ source: '0', targets: [Labels.of({ __address__: 'a:1' })], labels: Labels.of({ x: 'y' }) }];
  expect(discover({ kind: 'static', place, groups }).deliveries).toEqual([groups]);
});

it('names a discovery that there is none of, with its place', () => {
  const { deliveries } = discover({ kind: 'unsupported', place, name: 'consul' });
  expect(deliveries).toEqual([[]]);
  expect(reports).toEqual([
    'warning: prometheus.yml:7:5: watchfire has no consul discovery: its targets are not scraped, the rest of the file works',
  ]);
});

describe('file', () => {
  const config = (files: string[], refreshIntervalMs = 60_000): DiscoveryConfig => ({
    kind: 'file',
    place,
    files,
    refreshIntervalMs,
  });

  it('reads JSON and YAML, follows changes, and keeps the last good of a file that went bad', async () => {
    const json = join(folder, 'a.json');
    const yaml = join(folder, 'b.yml');
    await writeFile(json, '[{"targets": ["a:1", "b:2"], "labels": {"env": "x"}}]');
    await writeFile(yaml, '- targets: ["c:3"]\n  labels: {port: 80}\n');
    const { last, discovery } = discover(config([join(folder, '*.json'), yaml]));
    await eventually(last).toEqual([
      {
        source: `${json}:0`,
        labels: { env: 'x', __meta_filepath: json },
        targets: [{ __address__: 'a:1' }, { __address__: 'b:2' }],
      },
      { source: `${yaml}:0`, labels: { port: '80', __meta_filepath: yaml }, targets: [{ __address__: 'c:3' }] },
    ]);
    await writeFile(yaml, '- targets: [d:4]\n');
    await eventually(() => addresses(last())).toEqual(['a:1', 'b:2', 'd:4']);
    await writeFile(join(folder, 'new.json'), '[{"targets": ["n:1"]}]');
    await eventually(() => addresses(last())).toEqual(['a:1', 'b:2', 'd:4', 'n:1']);
    await writeFile(json, '[{"targets": "a:1"}]');
    await eventually(() => discovery.state().error).toContain('a.json: not a list of target groups');
    await writeFile(yaml, '- targets: [d:4]\n\tx: tab\n');
    await eventually(() => discovery.state().error).toContain('b.yml');
    expect(addresses(last())).toEqual(['a:1', 'b:2', 'd:4', 'n:1']);
    expect(reports.length).toBe(2);
    await rm(json);
    await writeFile(yaml, '- targets: [e:5]\n');
    await eventually(() => addresses(last())).toEqual(['e:5', 'n:1']);
    expect(discovery.state().error).toBe('');
    await rm(yaml);
    await eventually(() => addresses(last())).toEqual(['n:1']);
    expect(discovery.state().error).toBe(`${yaml}: no such file`);
  });

  it('reads JSON as Go does: names in any case, and none that a group does not have', async () => {
    const [any, unknown] = [join(folder, 'any.json'), join(folder, 'unknown.json')];
    await writeFile(any, '[{"Targets": ["a:1"], "LABELS": {"Targets": "x"}}]');
    await writeFile(unknown, '[{"targets": ["b:1"], "foo": 1}]');
    const { last, discovery } = discover(config([any, unknown]));
    await eventually(() => discovery.state().error).toContain('unknown.json: not a list of target groups');
    await eventually(last).toMatchObject([{ labels: { Targets: 'x' }, targets: [{ __address__: 'a:1' }] }]);
  });

  it('finds a file whose folder comes later, by the refresh interval', async () => {
    const file = join(folder, 'later', 'targets.json');
    const { last, discovery } = discover(config([file], 50));
    await eventually(() => discovery.state().error).toContain('no such file');
    expect(last()).toEqual([]);
    await mkdir(join(folder, 'later'));
    await writeFile(file, '[{"targets": ["a:1"]}]');
    await eventually(() => addresses(last())).toEqual(['a:1']);
  });
});

describe('http', () => {
  it('takes up lists, keeps the last good, and says what is wrong', async () => {
    let answer: { status?: number; type?: string; body: string } = {
      body: '[{"targets": ["a:1"], "labels": {"x": "y"}}]',
    };
    const seen: http.IncomingHttpHeaders[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers);
      const type = answer.type ?? 'application/json; charset=utf-8';
      response.writeHead(answer.status ?? 200, { 'content-type': type }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sd?token=hush`;
    const { last, deliveries, discovery } = discover({
      kind: 'http',
      place,
      url,
      refreshIntervalMs: 40,
      http: defaultHttpClientConfig,
    });
    await eventually(last).toEqual([
      { source: `${url}:0`, labels: { x: 'y', __meta_url: url }, targets: [{ __address__: 'a:1' }] },
    ]);
    expect(seen[0]!['x-prometheus-refresh-interval-seconds']).toBe('0.04');
    for (const [bad, why] of [
      [{ status: 500, body: '' }, 'server returned HTTP status 500 Internal Server Error'],
      [{ type: 'text/html', body: '[]' }, 'unsupported content type "text/html"'],
      [{ body: '[{' }, 'JSON'],
      [{ body: '{}' }, 'not a list of target groups'],
    ] as const) {
      answer = bad;
      await eventually(() => discovery.state().error).toContain(why);
    }
    expect(deliveries.length).toBe(1);
    expect(reports.join()).not.toContain('hush');
    answer = { body: '[]' };
    await eventually(last).toEqual([]);
    expect(discovery.state().error).toBe('');
    discovery.stop();
    server.close();
  });
});

describe('dns', () => {
  const refused = (code: string) => Object.assign(new Error(code), { code });
  let fail: Error | undefined;
  const resolver: DnsResolver = {
    resolveSrv: async () => {
      if (fail) throw fail;
      return [
        { name: 'b.example.com', port: 81 },
        { name: 'a.example.com', port: 80 },
      ];
    },
    resolve4: async () => ['10.0.0.1'],
    resolve6: async () => ['fd00::1'],
    resolveMx: async () => [{ exchange: 'mx.example.com' }],
    resolveNs: async () => ['ns.example.com'],
  };
  const config = (type: 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS'): Extract<DiscoveryConfig, { kind: 'dns' }> => ({
    kind: 'dns',
    place,
    names: ['x.example.com'],
    type,
    port: 9,
    refreshIntervalMs: 30_000,
  });

  it.each([
    ['A', '10.0.0.1:9', {}],
    ['AAAA', '[fd00::1]:9', {}],
    ['MX', 'mx.example.com:9', { __meta_dns_mx_record_target: 'mx.example.com.' }],
    ['NS', 'ns.example.com:9', { __meta_dns_ns_record_target: 'ns.example.com.' }],
  ] as const)('%s records', async (type, address, labels) => {
    const { last } = discover(config(type), { resolver });
    await eventually(last).toEqual([
      {
        source: 'x.example.com',
        labels: {},
        targets: [{ __address__: address, __meta_dns_name: 'x.example.com', ...labels }],
      },
    ]);
  });

  it('through the search list, to the first name that is there', async () => {
    const asked: string[] = [];
    const there: Record<string, string[] | string> = {
      'api.shop.svc.test.': ['10.0.0.7'],
      'half.shop.svc.test.': 'ENODATA',
      'half.svc.test.': ['10.0.0.8'],
      'sick.shop.svc.test.': 'ESERVFAIL',
    };
    const searching: DnsResolver = {
      ...resolver,
      resolve4: async (name) => {
        asked.push(name);
        const answer = there[name] ?? 'ENOTFOUND';
        if (typeof answer === 'string') throw refused(answer);
        return answer;
      },
    };
    const searchList = parseSearchList('search shop.svc.test svc.test. # mine\noptions timeout:1 ndots:2\n');
    const names = ['api', 'half', 'sick', 'none.x', 'a.b.c', 'full.test.'];
    const { last, discovery } = discover({ ...config('A'), names }, { resolver: searching, searchList });
    await eventually(() => addresses(last())).toEqual(['10.0.0.7:9']);
    expect(last()!.map(({ source }) => source)).not.toContain('sick');
    expect(last()![0]!.targets).toEqual([{ __address__: '10.0.0.7:9', __meta_dns_name: 'api' }]);
    expect(discovery.state().error).toBe('A sick: the name server failed (SERVFAIL)');
    const tried = (name: string) => asked.filter((each) => each.startsWith(`${name}.`));
    expect([tried('api'), tried('half'), tried('sick')]).toEqual([
      ['api.shop.svc.test.'],
      ['half.shop.svc.test.'],
      ['sick.shop.svc.test.', 'sick.svc.test.', 'sick.'],
    ]);
    expect(tried('none')).toEqual(['none.x.shop.svc.test.', 'none.x.svc.test.', 'none.x.']);
    expect(tried('a')).toEqual(['a.b.c.', 'a.b.c.shop.svc.test.', 'a.b.c.svc.test.']);
    expect(tried('full')).toEqual(['full.test.']);
  });

  it('SRV records, through a failing name server and a name that goes', async () => {
    const clock = new ManualClock(1000);
    const { last, discovery } = discover(config('SRV'), { resolver, clock });
    await clock.advance(1);
    const found = last();
    expect(found?.[0]?.targets).toEqual([
      {
        __address__: 'a.example.com:80',
        __meta_dns_name: 'x.example.com',
        __meta_dns_srv_record_target: 'a.example.com.',
        __meta_dns_srv_record_port: '80',
      },
      {
        __address__: 'b.example.com:81',
        __meta_dns_name: 'x.example.com',
        __meta_dns_srv_record_target: 'b.example.com.',
        __meta_dns_srv_record_port: '81',
      },
    ]);
    fail = refused('ESERVFAIL');
    await clock.advance(30_001);
    expect(last()).toEqual(found);
    expect(discovery.state().error).toBe('SRV x.example.com: the name server failed (SERVFAIL)');
    fail = refused('ENOTFOUND');
    await clock.advance(30_001);
    expect(addresses(last())).toEqual([]);
    expect(discovery.state().error).toBe('');
    fail = undefined;
  });
});
