import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { globFiles } from '../../src/config/glob.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchfire-glob-'));
for (const name of ['a/x.yml', 'a/y.yml', 'a/.h.yml', 'a/{x,y}.yml', 'b/c/z.yml', 'b/-.yml']) {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), '');
}
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['a/x.yml', ['a/x.yml']],
  ['a/*.yml', ['a/.h.yml', 'a/x.yml', 'a/y.yml', 'a/{x,y}.yml']],
  ['a/?.yml', ['a/x.yml', 'a/y.yml']],
  ['a/{x,y}.yml', ['a/{x,y}.yml']],
  ['**/*.yml', ['a/.h.yml', 'a/x.yml', 'a/y.yml', 'a/{x,y}.yml', 'b/-.yml']],
  ['[^a]/*/z.yml', ['b/c/z.yml']],
  ['a/[w-x].yml', ['a/x.yml']],
  ['b/[\\-].yml', ['b/-.yml']],
  ['a/\\x.yml', ['a/x.yml']],
  ['nothing/*.yml', []],
  ['a/[.yml', []],
])('finds what Go finds for %s', (pattern, found) => {
  expect(globFiles(join(folder, pattern)).map((path) => relative(folder, path))).toEqual(found);
});

it('finds nothing for the empty pattern', () => {
  expect(globFiles('')).toEqual([]);
});
