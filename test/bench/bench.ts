/**
 * `npm run bench [-- promql scrape rules rule-latency]`: puts watchfire beside Prometheus in one run on this machine, and prints
 * ratios. A part of the first: `-- promql --series 10000 --kind range --only REGEXP`.
 */
import { parseArgs } from 'node:util';
import type { PromqlBenchOptions } from './promql.ts';

const benches: Readonly<Record<string, () => Promise<{ run(options: PromqlBenchOptions): Promise<void> }>>> = {
  promql: () => import('./promql.ts'),
  scrape: () => import('./scrape.ts'),
  rules: () => import('./rules.ts'),
  'rule-latency': () => import('./rule-latency.ts'),
  crowd: () => import('./crowd.ts'),
};

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { series: { type: 'string' }, kind: { type: 'string' }, only: { type: 'string' } },
});
const unknown = wanted.find((name) => !(name in benches));
if (unknown !== undefined) {
  console.error(`no bench is called ${unknown}: there are ${Object.keys(benches).join(' and ')}`);
  process.exit(2);
}
// `rules` measures the latency, too.
const all = Object.keys(benches).filter((name) => name !== 'rule-latency');
for (const name of wanted.length === 0 ? all : wanted) await (await benches[name]!()).run(options);
process.exit(0);
