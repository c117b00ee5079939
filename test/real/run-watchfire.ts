/** Runs the built program to its end, for contract tests of its commands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const projectRoot = join(import.meta.dirname, '../..');

/** What it prints; rejects with its standard error where it does not end with 0. */
export async function runWatchfire(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(projectRoot, 'bin/watchfire.js'), ...args], { cwd: projectRoot });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`exit ${code}: ${err}`);
  return out;
}
