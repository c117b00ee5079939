import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { federateRoute } from '../../src/api/federate.ts';
import type { ApiRequest } from '../../src/api/route.ts';
import { type ApiServer, createApiServer } from '../../src/api/server.ts';
import { prometheusRoutes } from '../../src/api/v1.ts';
import { queryRoutes } from '../../src/api/v1-query.ts';
import { Labels } from '../../src/labels/labels.ts';
import { compileRe2 } from '../../src/labels/regexp.ts';
import type { MetricSource } from '../../src/monitor/sources.ts';
import { NO_FEATURES } from '../../src/promql/features.ts';
import { type InstantQuery, QueryError } from '../../src/promql/result.ts';
import { fakeAlerts, fakeMetrics, NOW_MS, ruleGroups } from './fake-sources.ts';
import { schemaFaults } from './json-schema.ts';

let server: ApiServer;

const regex = '(.+):.*';
const rule = {
  sourceLabels: ['__address__'],
  separator: ';',
  regex,
  compiled: compileRe2(`^(?s:${regex})$`, regex),
  modulus: 0,
  targetLabel: 'host',
  replacement: '$1',
  action: 'replace',
  utf8Names: true,
} as const;
const relabelling = [rule, { ...rule, sourceLabels: ['drop'], targetLabel: '', action: 'keep' }, rule] as const;

beforeAll(async () => {
  server = await createApiServer({
    listen: '127.0.0.1:0',
    routes: prometheusRoutes({
      metrics: fakeMetrics(),
      alerts: fakeAlerts(),
      version: '1.2.3',
      configText: () => 'global: {}\n',
      flags: () => ({ 'web.listen-address': 'x' }),
      nowMs: () => NOW_MS,
      externalLabels: () => Labels.of({ region: 'eu' }),
      relabelConfigs: (job) => (job === 'web' ? relabelling : undefined),
    }),
  });
});
afterAll(() => server.close());

async function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, body: await response.text() };
}

const data = async (path: string): Promise<unknown> => JSON.parse((await get(`/api/v1${path}`)).body).data;

describe('queries', () => {
  it('writes a vector', async () => {
    expect(await get('/api/v1/query?query=up&time=1700000000.1')).toEqual({
      status: 200,
      body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a:1","job":"node"},"value":[1700000000.100,"1"]},{"metric":{"__name__":"up","instance":"b:1","job":"node"},"value":[1700000000.100,"0.1"]}]},"warnings":["w"],"infos":["i"]}',
    });
  });

  it('takes the form of a POST, and the clock where no time is given', async () => {
    const response = await fetch(`${server.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: '1' }),
    });
    expect(((await response.json()) as { data: unknown }).data).toEqual({
      resultType: 'scalar',
      result: [1700000000.123, '1'],
    });
    expect(await data('/query?query="s"&time=2023-11-14T22:13:20Z')).toEqual({
      resultType: 'string',
      result: [1700000000, 's'],
    });
  });

  it('writes histograms with the ends of their buckets', async () => {
    expect(await data('/query?query=h&time=1')).toEqual({
      resultType: 'vector',
      result: [
        {
          metric: { __name__: 'h' },
          histogram: [
            1,
            {
              count: '6',
              sum: '4.5',
              buckets: [
                [1, '-2', '-1', '3'],
                [3, '-0.5', '0.5', '1'],
                [0, '1', '2', '2'],
              ],
            },
          ],
        },
      ],
    });
  });

  it('writes a matrix with every kind of number', async () => {
    const { body } = await get('/api/v1/query_range?query=mixed&start=0&end=2.5&step=1.25');
    expect(body).toContain('"values":[[0,"1"],[1.250,"1e+21"],[2.500,"-0"]]');
    expect(body).toContain('"values":[[1.250,"NaN"],[2.500,"+Inf"]]');
    expect(body).toContain('"values":[[0,"5"],[2.500,"1e-07"]],"histograms":[[1.250,{"count":"6"');
  });

  it('cuts by limit and says so', async () => {
    const answer = JSON.parse((await get('/api/v1/query?query=up&limit=1&stats=all')).body);
    expect(answer.data.result).toHaveLength(1);
    expect(answer.warnings).toEqual(['w', 'results truncated due to limit']);
    expect(answer.data.stats.samples.totalQueryableSamples).toBe(2);
  });

  it.each([
    ['/query?query=up(', 400, 'bad_data', 'invalid parameter "query": 1:4: parse error: unclosed left parenthesis'],
    ['/query', 400, 'bad_data', 'parse error: no expression found in input'],
    ['/query?query=boom', 422, 'execution', 'it broke'],
    ['/query?query=slow', 503, 'timeout', 'query timed out'],
    [
      '/query?query=up&time=x',
      400,
      'bad_data',
      `invalid parameter "time": invalid time value for 'time': cannot parse "x" to a valid timestamp`,
    ],
    ['/query?query=up&timeout=x', 400, 'bad_data', 'invalid parameter "timeout": cannot parse "x" to a valid duration'],
    ['/query?query=up&limit=9223372036854775808', 400, 'bad_data', 'value out of range'],
    ['/query?query=up&limit=-1', 400, 'bad_data', 'invalid parameter "limit": limit must be non-negative'],
    ['/query?query=up&lookback_delta=x', 400, 'bad_data', 'error parsing lookback delta duration: cannot parse "x"'],
    [
      '/query_range?query=up&start=2&end=1&step=1',
      400,
      'bad_data',
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      '/query_range?query=up&start=0&end=1&step=0',
      400,
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths',
    ],
    [
      '/query_range?query=up&start=0&end=1',
      400,
      'bad_data',
      'invalid parameter "step": cannot parse "" to a valid duration',
    ],
    [
      '/query_range?query=up&start=0&end=11001&step=1',
      400,
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries',
    ],
    ['/series', 400, 'bad_data', 'no match[] parameter provided'],
    ['/series?match[]={}', 400, 'bad_data', 'invalid parameter "match[]": match[] must contain at least one non-empty'],
    ['/labels?match[]={a=""}', 400, 'bad_data', 'match[] must contain at least one non-empty matcher'],
    ['/series?match[]=', 400, 'bad_data', 'unknown position: parse error: unexpected end of input'],
    ['/targets/metadata?limit=x', 400, 'bad_data', 'limit must be a number'],
    ['/metadata?limit=9223372036854775808', 400, 'bad_data', 'limit must be a number'],
    ['/query?query=up&time=2023-02-29T00:00:00Z', 400, 'bad_data', 'cannot parse "2023-02-29T00:00:00Z" to a valid'],
    ['/query?query=up&time=2023-02-28T24:00:00Z', 400, 'bad_data', 'cannot parse "2023-02-28T24:00:00Z" to a valid'],
    ['/query?query=up&time=1__000', 400, 'bad_data', 'cannot parse "1__000" to a valid timestamp'],
    ['/query?query=up&limit=9223372036854775808', 400, 'bad_data', 'value out of range'],
    ['/query_range?query=up&start=0&end=1&step=NaN', 400, 'bad_data', 'zero or negative query resolution step widths'],
    ['/rules?type=x', 400, 'bad_data', 'invalid parameter "type": not supported value "x"'],
    ['/rules?group_next_token=x', 400, 'bad_data', 'group_limit needs to be present'],
    [
      '/rules?group_limit=1&group_next_token=x',
      400,
      'bad_data',
      `invalid group_next_token 'x'. were rule groups changed?`,
    ],
    ['/targets/relabel_steps', 400, 'bad_data', 'no scrapePool parameter provided'],
    ['/targets/relabel_steps?scrapePool=web', 400, 'bad_data', 'no labels parameter provided'],
    [
      '/targets/relabel_steps?scrapePool=no&labels={}',
      400,
      'bad_data',
      'error retrieving scrape config: scrape pool "no" not found',
    ],
    [
      '/targets/relabel_steps?scrapePool=web&labels={"a":1}',
      400,
      'bad_data',
      'error parsing labels: the value of "a" is no text',
    ],
    ['/status/tsdb?limit=0', 400, 'bad_data', 'limit must be a positive number'],
  ])('%s is refused with %d', async (path, status, errorType, error) => {
    const answer = await get(`/api/v1${path}`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ status: 'error', errorType, error: expect.stringContaining(error) });
  });

  it.each([
    ['30s', 30_000],
    ['0', undefined],
    ['-1', undefined],
  ])('looks back as far as it is told to, if that is anything: %s', async (text, wanted) => {
    const seen: (number | undefined)[] = [];
    const metrics = {
      query: (_: string, { lookbackMs }: InstantQuery) => {
        seen.push(lookbackMs);
        return Promise.reject(new QueryError('execution', 'seen'));
      },
    } as unknown as MetricSource;
    const route = queryRoutes({ metrics, nowMs: () => NOW_MS }).find(({ path }) => path === '/api/v1/query')!;
    const query = new URLSearchParams({ query: 'up', lookback_delta: text });
    const { signal } = new AbortController();
    const asked = { method: 'GET', path: route.path, params: {}, query, headers: {}, body: new Uint8Array(), signal };
    expect((await route.handle(asked as ApiRequest)).status).toBe(422);
    expect(seen).toEqual([wanted]);
  });

  it('takes numbers as Go writes them, and limits up to the largest of 64 bits', async () => {
    expect(await data('/query?query=1&time=1_700_000_000&timeout=1_0&limit=9223372036854775807')).toEqual({
      resultType: 'scalar',
      result: [1700000000, '1'],
    });
    expect(await data('/query?query=1&time=2024-02-29T00:00:00Z')).toMatchObject({ result: [1709164800, '1'] });
  });

  it('warns of values of "stats" that are to go', async () => {
    const warnings = async (value: string) =>
      JSON.parse((await get(`/api/v1/query?query=up&stats=${value}`)).body).warnings;
    expect(await warnings('all')).toEqual(['w']);
    expect(await warnings('true')).toEqual(['w']);
    expect(await warnings('')).toEqual(['w']);
    expect(await warnings('1')).toEqual([
      'w',
      'value "1" for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"',
    ]);
  });

  it.each(['/format_query', '/parse_query'])('%s refuses what is not enabled, as a query', async (path) => {
    const routes = queryRoutes({ metrics: fakeMetrics(), nowMs: () => NOW_MS, features: NO_FEATURES });
    const route = routes.find((each) => each.path === `/api/v1${path}`)!;
    const ask = async (query: string): Promise<unknown> => {
      const { signal } = new AbortController();
      const asked = { path: route.path, params: {}, query: new URLSearchParams({ query }), headers: {}, signal };
      const { body } = await route.handle(asked as unknown as ApiRequest);
      return JSON.parse([...(body as Iterable<string>)].join(''));
    };
    expect(await ask('up')).toMatchObject({ status: 'success' });
    for (const [query, error] of [
      ['info(up)', '1:1: parse error: function "info" is not enabled'],
      ['limitk(1, info(up))', '1:11: parse error: function "info" is not enabled'],
      ['1 + rate(up[5m] smoothed)', '1:10: parse error: smoothed modifier is experimental and not enabled'],
      ['sum(up + fill(0) up)', '1:5: parse error: binop fill modifiers are experimental and not enabled'],
    ])
      expect(await ask(query!)).toMatchObject({ errorType: 'bad_data', error: `invalid parameter "query": ${error}` });
  });

  it('prints and parses expressions', async () => {
    expect(await data('/format_query?query=sum(up)by(job)')).toBe('sum by (job) (up)');
    expect(await data('/parse_query?query=-up[5m]%20offset%201m')).toBe(undefined);
    expect(await data('/parse_query?query=rate(up[5m]%20offset%201m)')).toMatchObject({
      type: 'call',
      func: { name: 'rate' },
      args: [{ type: 'matrixSelector', name: 'up', range: 300_000, offset: 60_000 }],
    });
  });
});

describe('series and labels', () => {
  it('reads escaped label names', async () => {
    expect(await data('/label/U__a_2e_b__c/values')).toEqual(['escaped']);
    expect(await data('/label/job/values?limit=1')).toEqual(['x']);
  });

  it('gives exemplars', async () => {
    expect(await data('/query_exemplars?query=up')).toEqual([
      {
        seriesLabels: { __name__: 'up', instance: 'a:1', job: 'node' },
        exemplars: [{ labels: { trace_id: 't' }, value: '2', timestamp: 1.5 }],
      },
    ]);
  });
});

describe('targets and rules', () => {
  it('sorts pools and filters', async () => {
    const all = (await data('/targets')) as { activeTargets: { scrapePool: string }[] };
    expect(all.activeTargets.map((each) => each.scrapePool)).toEqual(['a', 'b']);
    expect(await data('/targets?state=dropped&scrapePool=a')).toEqual({
      activeTargets: [],
      droppedTargets: [{ discoveredLabels: { __address__: 'd:1' }, scrapePool: 'a' }],
      droppedTargetCounts: { a: 1, b: 0 },
    });
  });

  it('shows what each relabelling rule makes of labels, and nothing once one has dropped them', async () => {
    const steps = async (labels: object): Promise<unknown[]> => {
      const answer = await data(
        `/targets/relabel_steps?scrapePool=web&labels=${encodeURIComponent(JSON.stringify(labels))}`,
      );
      return (answer as { steps: { output: object; keep: boolean }[] }).steps.map(({ output, keep }) => [output, keep]);
    };
    const [host] = ((await data('/targets/relabel_steps?scrapePool=web&labels={}')) as { steps: unknown[] }).steps;
    expect(host).toEqual({
      rule: {
        source_labels: ['__address__'],
        separator: ';',
        regex,
        target_label: 'host',
        replacement: '$1',
        action: 'replace',
      },
      output: {},
      keep: true,
    });
    const kept = { __address__: 'h:1', drop: 'a:b', host: 'h' };
    expect(await steps({ __address__: 'h:1', drop: 'a:b' })).toEqual([
      [kept, true],
      [kept, true],
      [kept, true],
    ]);
    expect(await steps({ __address__: 'h:1' })).toEqual([
      [{ __address__: 'h:1', host: 'h' }, true],
      [{}, false],
      [{}, false],
    ]);
  });

  it('filters and pages rules', async () => {
    const names = async (path: string): Promise<unknown> =>
      ((await data(path)) as { groups: { name: string; rules: { name: string }[] }[] }).groups.map((group) => [
        group.name,
        ...group.rules.map((rule) => rule.name),
      ]);
    expect(await names('/rules?type=alert&rule_group[]=g2')).toEqual([['g2', 'Down']]);
    expect(await names('/rules?match[]={severity="page"}&rule_group[]=g1')).toEqual([['g1', 'Down']]);
    expect(await names('/rules?rule_name[]=nix')).toEqual([]);
    const recording = (await data('/rules?type=record')) as { groups: { rules: { labels?: object }[] }[] };
    expect(recording.groups.flatMap((group) => group.rules.map((rule) => rule.labels))).toEqual([{}, {}, {}]);
    const first = (await data('/rules?group_limit=2')) as { groupNextToken: string };
    expect(await names(`/rules?group_limit=2&group_next_token=${first.groupNextToken}`)).toEqual([
      ['g3', 'Down', 'job:up'],
    ]);
  });

  it('writes rules as Prometheus does', async () => {
    const { groups } = (await data('/rules')) as { groups: { rules: Record<string, unknown>[] }[] };
    const [alerting, recording] = groups[0]!.rules;
    expect(alerting).toMatchObject({ state: 'firing', health: 'ok', alerts: [{ state: 'firing' }] });
    expect(recording).toMatchObject({ labels: {}, health: 'err', lastError: 'it broke' });
  });

  it('does not say in what state a rule is that was not evaluated', async () => {
    const [group] = ruleGroups;
    const rules = group!.rules.map((rule) => ({ ...rule, health: 'unknown' as const }));
    const alerts = fakeAlerts({ ruleGroups: async () => [{ ...group!, rules }] });
    const routes = prometheusRoutes({
      metrics: fakeMetrics(),
      alerts,
      version: '1',
      configText: () => '',
      flags: () => ({}),
    });
    const young = await createApiServer({ listen: '127.0.0.1:0', routes });
    const answer = await (await fetch(`${young.url}/api/v1/rules`)).json();
    expect(answer).toMatchObject({ data: { groups: [{ rules: [{ state: 'unknown', health: 'unknown' }, {}] }] } });
    await young.close();
  });

  it('writes alerts as Prometheus does', async () => {
    const { alerts } = (await data('/alerts')) as { alerts: unknown[] };
    expect(alerts[0]).toEqual({
      labels: { alertname: 'Down', severity: 'page' },
      annotations: { summary: 's' },
      state: 'firing',
      activeAt: '2023-11-14T22:13:20.123Z',
      value: '0e+00',
    });
  });
});

describe('federation', () => {
  it('gives the newest samples with their own times and the external labels', async () => {
    expect(await get('/federate?match[]=up')).toEqual({
      status: 200,
      body: [
        '# TYPE up untyped',
        `up{instance="a:1",job="node",region="eu"} 1 ${NOW_MS - 7_000}`,
        `up{instance="b:1",job="node",region="eu"} 0.1 ${NOW_MS - 7_000}`,
        '',
      ].join('\n'),
    });
    expect((await get('/federate?match[]=up(')).status).toBe(400);
  });

  it('gives everything where it is asked so, and says what nothing is written in', async () => {
    const asked: string[] = [];
    const metrics = {
      ...fakeMetrics(),
      query: (expression: string) => {
        asked.push(expression);
        return Promise.resolve({ value: { type: 'vector', samples: [] }, warnings: [], infos: [] });
      },
    } as unknown as MetricSource;
    const options = { metrics, nowMs: () => NOW_MS, externalLabels: () => Labels.EMPTY };
    const own = await createApiServer({ listen: '127.0.0.1:0', routes: [federateRoute(options)] });
    const { status, headers } = await fetch(`${own.url}/federate?match[]={}&match[]={a!="b"}&match[]=up`);
    await own.close();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    // Of no matcher Prometheus makes nothing.
    expect(asked.filter((each) => !each.endsWith('[5m]'))).toEqual(['{a!="b",__name__!=""}', 'up']);
  });

  it.each([
    ['*/*', 'underscores', '_u_tf8{l_b_l="é",_="x"} 1.23456789012e+11'],
    ['text/plain;escaping=dots', 'dots', '__u_dot_tf8{l__b__l="é",__="x"} 1.23456789012e+11'],
    ['text/plain;escaping=values;q=0.5', 'values', 'U___31_u_2e_tf8{U__l__b_e4_l="é",U___f6_="x"} 1.23456789012e+11'],
    [
      'text/plain;version=0.0.4;q=0.2,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5',
      'allow-utf-8',
      '{"1u.tf8","l_bäl"="é","ö"="x"} 1.23456789012e+11',
    ],
  ])('writes names of any characters as is asked for: %s', async (accept, escaping, line) => {
    const labels = Labels.of({ __name__: '1u.tf8', l_bäl: 'é', instance: '' });
    const metrics = {
      query: async (expression: string) => ({
        value: expression.endsWith(']')
          ? { type: 'matrix', series: [] }
          : { type: 'vector', samples: [{ labels, value: 123_456_789_012 }] },
      }),
    } as unknown as MetricSource;
    const external = Labels.of({ ö: 'x' });
    const routes = [federateRoute({ metrics, nowMs: () => NOW_MS, externalLabels: () => external })];
    const own = await createApiServer({ listen: '127.0.0.1:0', routes });
    const answer = await fetch(`${own.url}/federate?match[]=up`, { headers: { accept } });
    const body = await answer.text();
    await own.close();
    expect(answer.headers.get('content-type')).toContain(`escaping=${escaping}`);
    expect(body.replace('instance="",', '').replace(',instance=""', '').split('\n')[1]).toBe(`${line} ${NOW_MS}`);
  });
});

const description = join(import.meta.dirname, '../../../shared/conformance/api/prometheus-v1.openapi.yaml');

describe.skipIf(!existsSync(description))("Prometheus' OpenAPI description", () => {
  const openApi = existsSync(description) ? parse(readFileSync(description, 'utf8')) : {};

  it.each([
    ['/query?query=up', 'QueryOutputBody'],
    ['/query?query=h', 'QueryOutputBody'],
    ['/query?query=1', 'QueryOutputBody'],
    ['/query_range?query=up&start=0&end=3&step=1', 'QueryRangeOutputBody'],
    ['/query_exemplars?query=up', 'QueryExemplarsOutputBody'],
    ['/format_query?query=up', 'FormatQueryOutputBody'],
    ['/parse_query?query=sum(up)', 'ParseQueryOutputBody'],
    ['/labels', 'LabelsOutputBody'],
    ['/label/job/values', 'LabelValuesOutputBody'],
    ['/series?match[]=up', 'SeriesOutputBody'],
    ['/metadata', 'MetadataOutputBody'],
    ['/targets', 'TargetsOutputBody'],
    ['/targets/metadata', 'TargetMetadataOutputBody'],
    ['/targets/relabel_steps?scrapePool=web&labels={"drop":"a:b"}', 'TargetRelabelStepsOutputBody'],
    ['/scrape_pools', 'ScrapePoolsOutputBody'],
    ['/rules', 'RulesOutputBody'],
    ['/alerts', 'AlertsOutputBody'],
    ['/alertmanagers', 'AlertmanagersOutputBody'],
    ['/status/config', 'StatusConfigOutputBody'],
    ['/status/runtimeinfo', 'StatusRuntimeInfoOutputBody'],
    ['/status/buildinfo', 'StatusBuildInfoOutputBody'],
    ['/status/flags', 'StatusFlagsOutputBody'],
    ['/status/tsdb', 'StatusTSDBOutputBody'],
    ['/status/tsdb/blocks', 'StatusTSDBBlocksOutputBody'],
    ['/status/walreplay', 'StatusWALReplayOutputBody'],
    ['/features', 'FeaturesOutputBody'],
    ['/notifications', 'NotificationsOutputBody'],
  ])('%s is a %s', async (path, name) => {
    const body = JSON.parse((await get(`/api/v1${path}`)).body);
    expect(schemaFaults(openApi, openApi.components.schemas[name], body)).toEqual([]);
  });
});
