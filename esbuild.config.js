// Builds dist/ from src/: one entry per way of starting watchfire, shared code split into chunks, packages left to Node's resolver.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const entries = {
  cli: 'src/commands/cli.ts',
  'engine-worker': 'src/commands/engine-worker.ts',
  index: 'src/index.ts',
  instrument: 'src/instrument/index.ts',
  'demo-app': 'src/demo/app.ts',
  bench: 'test/bench/bench.ts',
  'bench.garbage': 'test/bench/garbage.ts',
};

for (const name of existsSync('dist') ? readdirSync('dist') : []) {
  if (name !== 'types') rmSync(`dist/${name}`, { recursive: true, force: true });
}
await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  target: 'node22',
  format: 'esm',
  jsx: 'automatic',
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
});
