import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openStateFolder } from '../../src/monitor/state-folder.ts';

const PROGRAM = join(import.meta.dirname, 'lock-racer.ts');
/** Beyond what a system gives away. */
const DEAD_PROCESS = 2 ** 30;

async function inFolder<T>(body: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-lock-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the state folder', () => {
  it('is locked while it is used, and free again afterwards', () =>
    inFolder((folder) => {
      const path = join(folder, 'deep', 'er');
      const state = openStateFolder(path);
      expect(state).toMatchObject({ path, fault: undefined });
      expect(readFileSync(join(path, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
      state.release();
      expect(readFileSync(join(path, 'lock'), 'utf8')).toBe('0\n');
      expect(openStateFolder(path).fault).toBe(undefined);
    }));

  it.each(['', 'no number\n', `${DEAD_PROCESS}\n`])('is taken over where its lock says %j', (lock) =>
    inFolder((folder) => {
      const path = join(folder, 'lock');
      writeFileSync(path, lock);
      const { ino } = statSync(path);
      expect(openStateFolder(folder)).toMatchObject({ path: folder, fault: undefined });
      // In place: where the disk is full there is no room for another file.
      expect(statSync(path).ino).toBe(ino);
      expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
      expect(readdirSync(folder)).toEqual(['lock']);
    }),
  );

  it('belongs to one of several processes that want it at the same time, whether new or left by a dead one', () =>
    inFolder(async (folder) => {
      const folders = Array.from({ length: 200 }, (_, i) => join(folder, String(i)));
      for (const [i, each] of folders.entries()) {
        mkdirSync(each);
        if (i % 2 === 1) writeFileSync(join(each, 'lock'), `${DEAD_PROCESS}\n`);
      }
      const racers = [1, 2, 3].map(() => {
        // The name in the arguments is what tells the processes from others that got the number of a dead one.
        const child = spawn(process.execPath, [PROGRAM, 'watchfire', ...folders], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
      });
      await Promise.all(racers.map(({ lines }) => lines.next()));
      for (const { child } of racers) child.stdin.write('go\n');
      const owned = (await Promise.all(racers.map(({ lines }) => lines.next()))).map(({ value }): string[] =>
        JSON.parse(value!),
      );
      expect(openStateFolder(folders[0]).fault).toMatch(/is in use by process \d+: state is kept in memory only/);
      for (const { child } of racers) child.stdin.end();
      expect(owned.flat().sort()).toEqual(folders.toSorted());
    }));
});
