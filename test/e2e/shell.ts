/** Runs the built program's commands in a folder of their own, as a shell would. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { projectRoot } from './terminal.ts';

export interface Finished {
  /** Null where it did not end in time. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Shell {
  readonly directory: string;
  run(args: readonly string[], input?: string): Finished;
  /** Writes a file of this name, and gives the name. */
  file(name: string, text: string): string;
}

/** For one test file: the folder is taken away when its tests are over. */
export function shellIn(prefix: string): Shell {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return {
    directory,
    run(args, input = '') {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(projectRoot, 'bin', 'watchfire.js'), ...args],
        {
          cwd: directory,
          input,
          encoding: 'utf8',
          env: { ...process.env, XDG_STATE_HOME: join(directory, 'state') },
          timeout: 55_000,
        },
      );
      return { code: status, out: stdout, err: stderr };
    },
    file(name, text) {
      writeFileSync(join(directory, name), text);
      return name;
    },
  };
}
