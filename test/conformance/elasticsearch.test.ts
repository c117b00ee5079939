/** Gives the log source every answer of Elasticsearch's specification and of OpenSearch's stories, in place; without the folder, each is skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ManualClock } from '../../src/config/clock.ts';
import { ElasticsearchError } from '../../src/logs/elasticsearch/client.ts';
import { elasticsearchLogSource } from '../../src/logs/elasticsearch/elasticsearch-log-source.ts';
import type { LogSource } from '../../src/monitor/sources.ts';
import { type StandIn, startStandIn } from '../logs/stand-in-elasticsearch.ts';

const folder = join(import.meta.dirname, '../../../shared/conformance/elasticsearch');
const there = existsSync(folder);
const files = (name: string): string[] =>
  there
    ? readdirSync(join(folder, name), { recursive: true })
        .map(String)
        .filter((file) => /\.ya?ml$/.test(file))
        .map((file) => join(name, file))
    : [];
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');

let server: StandIn;
let source: LogSource;
beforeAll(async () => {
  server = await startStandIn();
  source = elasticsearchLogSource({ url: server.url, clock: new ManualClock(1e12), index: 'my-index-000001' });
});
afterAll(async () => {
  await source.close();
  await server.close();
});

/** The answer that an example shows, as text. */
function exampleOf(file: string): string | undefined {
  const { value } = parse(text(file)) as { value?: unknown };
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

describe.skipIf(!there)('answers of the specification', () => {
  for (const file of files('spec-examples').filter((each) => each.includes('Response'))) {
    it(`${file}: is read, or refused in a sentence`, async () => {
      const body = exampleOf(file)!;
      server.refuse = ({ path }) => (path === '/' ? undefined : { status: 200, body });
      for (const work of [
        () => source.search({ limit: 10, minLevel: 'warn' }),
        () => source.search({ limit: 2000 }),
        () => source.services(),
      ])
        await work().catch((error: unknown) => expect(error).toBeInstanceOf(ElasticsearchError));
    });
  }

  it('the example of a search gives its record', async () => {
    const file = files('spec-examples').find((each) => each.includes('_global_search/SearchResponseExample1'));
    if (file === undefined) return;
    const body = exampleOf(file)!;
    server.refuse = ({ path }) => (path.endsWith('/_search') ? { status: 200, body } : undefined);
    const [record] = await source.search({ limit: 10 });
    expect(record).toMatchObject({
      id: 'my-index-000001:0',
      origin: 'my-index-000001',
      message: 'GET /search HTTP/1.1 200 1070000',
      timestampGuessed: false,
    });
  });
});

describe.skipIf(!there)('requests are of the shape that the stories have', () => {
  it('asks by the paths and bodies that OpenSearch’s stories use for a point in time', async () => {
    const opensearch = await startStandIn({ distribution: 'opensearch' });
    const reader = elasticsearchLogSource({ url: opensearch.url, clock: new ManualClock(1e12), index: 'movies' });
    await reader.search({ limit: 1500 });
    await reader.close();
    await opensearch.close();
    const asked = opensearch.requests.map(({ method, path }) => `${method} ${path}`);
    const steps = files('opensearch-stories')
      .filter((file) => file.includes('point_in_time'))
      .flatMap((file) => {
        const { prologues = [], chapters = [] } = parse(text(file)) as { prologues?: Step[]; chapters?: Step[] };
        return [...prologues, ...chapters];
      })
      .filter((step) => step.path.endsWith('point_in_time'))
      .map(
        ({ method, path, parameters }) =>
          `${method} ${path.replace('{index}', String(parameters?.['index'] ?? 'movies'))}`,
      );
    for (const step of steps) expect(asked).toContain(step);
    expect(opensearch.requests.at(-1)!.text).toBe('{"pit_id":["point-1"]}');
  });

  it('asks Elasticsearch by the names that its clients’ stories use', async () => {
    server.refuse = undefined;
    server.requests.length = 0;
    await source.search({ limit: 1500 });
    const story = files('client-tests').find((file) => file.includes('point_in_time'));
    const steps =
      story === undefined
        ? []
        : parseAllDocuments(text(story)).flatMap((each) => Object.values((each.toJS() ?? {}) as object).flat());
    const bodies = steps
      .map((step) => (step as { do?: { search?: { body?: { pit?: object } } } }).do?.search?.body?.pit)
      .filter((pit) => pit !== undefined);
    for (const pit of bodies) {
      const search = server.requests.find(({ path }) => path === '/_search')!;
      expect(Object.keys(search.body!['pit'] as object).sort()).toEqual(Object.keys(pit).sort());
    }
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/_pit' });
  });
});

interface Step {
  readonly method: string;
  readonly path: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}
