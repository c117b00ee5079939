import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Matcher } from '../../src/labels/matcher.ts';
import { createHead, type Head } from '../../src/storage/head.ts';
import { importOpenMetrics } from '../../src/storage/import.ts';
import { SampleColumns } from '../../src/storage/queryable.ts';

const golden = join(import.meta.dirname, '../../../shared/conformance/promql-compliance/data.om.gz');

function samples(head: Head, name: string): number[][] {
  const columns = new SampleColumns();
  return head.select([new Matcher('=', '__name__', name)], 0, 1e15).map((series) => {
    series.read(0, 1e15, columns);
    return [...columns.timestamps.subarray(0, columns.length)];
  });
}

it('loads samples of any age and order, exemplars and metadata, and no retention drops them', async () => {
  const head = createHead({ retentionMs: 1000 });
  const text = `# TYPE a counter
# HELP a Things.
a_total{x="1"} 5 20 # {trace_id="t"} 1 19.5
a_total{x="1"} 3 10
a_total{x="1"} 4 15.25
# EOF
`;
  const summary = await importOpenMetrics(head, Buffer.from(text));
  expect(summary).toEqual({ samples: 3, series: 1, duplicates: 0, minTimeMs: 10_000, maxTimeMs: 20_000 });
  head.truncate(1e12);
  expect(samples(head, 'a_total')).toEqual([[10_000, 15_250, 20_000]]);
  expect(head.metadata('a').get('a')).toEqual([{ type: 'counter', help: 'Things.', unit: '' }]);
  expect(head.exemplars([], 0, 1e15)[0]!.exemplars.map((each) => each.timestampMs)).toEqual([19_500]);
});

it('says what is wrong, by line', async () => {
  const load = (text: string): Promise<unknown> => importOpenMetrics(createHead(), Buffer.from(text));
  await expect(load('a 1 1\nb 2\n# EOF\n')).rejects.toThrow('expected timestamp');
  await expect(load('a 1 1\n')).rejects.toThrow('data does not end with # EOF');
  await expect(load('a 1 1\n!\n# EOF')).rejects.toMatchObject({ name: 'ExpositionError', line: 2, column: 1 });
});

it('reads a stream in whatever pieces it comes, with the right lines in errors', async () => {
  const lines = Array.from({ length: 150_000 }, (_, i) => `m{i="${i % 100}",padding="${'p'.repeat(40)}"} ${i} ${i}`);
  const text = Buffer.from(`${lines.join('\n')}\n# EOF\n`);
  async function* pieces(bytes: Buffer): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 100_003) yield bytes.subarray(at, at + 100_003);
  }
  const head = createHead();
  const summary = await importOpenMetrics(head, pieces(text));
  expect(summary).toMatchObject({ samples: 150_000, series: 100, duplicates: 0, maxTimeMs: 149_999_000 });
  expect(samples(head, 'm').map((each) => each.length)).toEqual(Array.from({ length: 100 }, () => 1500));
  lines[140_000] = 'm{ 1';
  const bad = Buffer.from(`${lines.join('\n')}\n# EOF\n`);
  await expect(importOpenMetrics(createHead(), pieces(bad))).rejects.toMatchObject({ line: 140_001 });
});

it.skipIf(!existsSync(golden))('loads the data of the golden queries', async () => {
  const head = createHead();
  const body = gunzipSync(readFileSync(golden));
  expect((await importOpenMetrics(head, body)).samples).toBe(288_000);
  const text = body.toString();
  const columns = new SampleColumns();
  const expected = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value, seconds] =
      /^(demo_memory_usage_bytes\{.*\}|demo_intermittent_metric\{.*\}) (\S+) (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const list = expected.get(name) ?? [];
    list.push(`${Number(value)}@${Number(seconds) * 1000}`);
    expected.set(name, list);
  }
  expect(expected.size).toBeGreaterThan(3);
  const found = head.select(
    [new Matcher('=~', '__name__', 'demo_memory_usage_bytes|demo_intermittent_metric')],
    0,
    1e15,
  );
  const read = found.map((series) => {
    series.read(0, 1e15, columns);
    return Array.from({ length: columns.length }, (_, i) => `${columns.values[i]}@${columns.timestamps[i]}`).join();
  });
  expect(read.sort()).toEqual([...expected.values()].map((list) => list.join()).sort());
});
