/** The files that `templates` of a configuration names, in the order in which they are parsed. */
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import type { ReadFile } from './fields.ts';

/** Each as its base name, by which Go names it, and its text. A pattern that matches nothing is no error. */
export function readTemplateFiles(
  patterns: readonly string[],
  readFile: ReadFile,
): readonly (readonly [name: string, text: string])[] {
  return patterns
    .flatMap((pattern) => globSync(pattern).sort())
    .map((path) => [basename(path), readFile(path)] as const);
}
