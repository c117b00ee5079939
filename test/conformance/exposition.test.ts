import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ExpositionCache, type ExpositionFormat, parseExposition } from '../../src/exposition/exposition.ts';
import { CollectingSink } from '../exposition/collecting-sink.ts';

const root = join(import.meta.dirname, '../../../shared/conformance');

for (const folder of ['exposition', 'exposition-samples']) {
  const path = join(root, folder);
  const present = existsSync(path);
  it.skipIf(!present)(`${folder}: the same bodies are accepted and the same series stored as by Prometheus`, () => {
    const samples: Record<string, [Record<string, string>, string][]> = JSON.parse(
      readFileSync(join(path, 'SAMPLES.json'), 'utf8'),
    );
    const verdicts = new Map(
      readFileSync(join(path, 'EXPECTED.tsv'), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split('\t').slice(0, 2) as [string, string]),
    );
    const wrong: string[] = [];
    for (const [file, verdict] of verdicts) {
      const format: ExpositionFormat = file.endsWith('.om') ? 'openmetrics' : 'text';
      const body = readFileSync(join(path, file));
      const cache = new ExpositionCache();
      const sink = new CollectingSink();
      for (const round of ['first', 'second']) {
        sink.clear();
        let refusal = '';
        try {
          parseExposition(format, body, sink, { cache });
        } catch (error) {
          refusal = String(error);
        }
        if ((refusal === '') !== (verdict === 'accept')) {
          wrong.push(`${file}: ${verdict} expected at the ${round} parse, got ${refusal || 'accept'}`);
        } else if (verdict === 'accept') {
          const expected = new Map(
            (samples[file] ?? []).map(([labels, value]) => [
              JSON.stringify(
                Object.entries(labels)
                  .map(([name, each]) => [name.replace(/^exported_(job|instance)$/, '$1'), each])
                  .sort(),
              ),
              value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value),
            ]),
          );
          const got = new Map([...sink.latest()].map(([labels, value]) => [JSON.stringify([...labels].sort()), value]));
          if (samples[file] === undefined && folder === 'exposition-samples') continue;
          try {
            expect(got).toEqual(expected);
          } catch {
            wrong.push(`${file}: ${round} parse: ${JSON.stringify([...got])} for ${JSON.stringify([...expected])}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(verdicts.size).toBe(readdirSync(path).length - 3);
  });
}
