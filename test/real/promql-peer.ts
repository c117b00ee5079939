/** A real Prometheus to hold the PromQL engine against, and what the tests that do so share. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { QueryError, type QueryResult } from '../../src/promql/result.ts';
import { freePort } from '../free-port.ts';

/** The path of a program on $WATCHFIRE_PEERS or PATH. */
export function findPeer(name: string): string | undefined {
  return [process.env['WATCHFIRE_PEERS'], ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((folder) => join(folder ?? '.', name))
    .find((path) => existsSync(path));
}

/** Resolves when it is ready; `prepare` may fill its folder, whose `data` is the storage, before it starts. */
export async function startPrometheus(options: {
  readonly features: readonly string[];
  readonly arguments?: readonly string[];
  prepare?(folder: string): void;
}): Promise<{ readonly base: string; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-promql-'));
  writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
  options.prepare?.(folder);
  const port = await freePort();
  const peer = spawn(
    findPeer('prometheus')!,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
      `--enable-feature=${options.features.join(',')}`,
      ...(options.arguments ?? []),
    ],
    { stdio: 'ignore' },
  );
  const close = (): void => {
    peer.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const base = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 200; attempt++) {
    const isReady = await fetch(`${base}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return { base, close };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  close();
  throw new Error('Prometheus did not get ready');
}

export async function outcome(run: () => Promise<QueryResult>): Promise<QueryResult | QueryError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
}

/** One text for equal labels. */
export function keyOf(record: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
