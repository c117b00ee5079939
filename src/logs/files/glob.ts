/** Finds files by patterns with `*`, `?`, `[…]`, `{a,b}` and `**`. */
import { readdir, stat } from 'node:fs/promises';
import { join, parse, resolve, sep } from 'node:path';

/** Absolute paths in order. A name without wildcards is given even if there is no such file: it may come. */
export async function findFiles(patterns: readonly string[], directory: string): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const path = resolve(directory, pattern);
    if (!/[*?[{]/.test(pattern)) {
      found.add((await isDirectory(path)) ? '' : path);
      continue;
    }
    const { root } = parse(path);
    for (const file of await walk(root, path.slice(root.length).split(sep))) found.add(file);
  }
  found.delete('');
  return [...found].sort();
}

const DEEPEST = 12;

async function walk(directory: string, segments: readonly string[], depth = 0): Promise<string[]> {
  const [segment, ...rest] = segments;
  if (segment === undefined || depth > DEEPEST) return [];
  if (!/[*?[{]/.test(segment)) {
    const path = join(directory, segment);
    if (rest.length > 0) return walk(path, rest, depth);
    return (await isFile(path)) ? [path] : [];
  }
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: string[] = segment === '**' && rest.length > 0 ? await walk(directory, rest, depth) : [];
  const matches = segment === '**' ? undefined : segmentPattern(segment);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (matches === undefined) {
      // Links are not followed here, so that a circle of them does not matter.
      if (entry.isDirectory() && !entry.name.startsWith('.')) found.push(...(await walk(path, segments, depth + 1)));
    } else if (matches.test(entry.name)) {
      if (rest.length > 0) found.push(...(await walk(path, rest, depth)));
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) found.push(path);
    }
  }
  return found;
}

function segmentPattern(segment: string): RegExp {
  let source = segment.startsWith('.') ? '' : '(?!\\.)';
  let braces = 0;
  for (let i = 0; i < segment.length; i++) {
    const letter = segment[i]!;
    const close = letter === '[' ? segment.indexOf(']', i + 2) : -1;
    if (letter === '*') source += '.*';
    else if (letter === '?') source += '.';
    else if (close !== -1) {
      const set = segment.slice(i + 1, close).replace(/[\\\]]/g, '\\$&');
      source += set.startsWith('!') || set.startsWith('^') ? `[^${set.slice(1)}]` : `[${set}]`;
      i = close;
    } else if (letter === '{' && segment.indexOf('}', i) !== -1) {
      source += '(?:';
      braces += 1;
    } else if (letter === '}' && braces > 0) {
      source += ')';
      braces -= 1;
    } else if (letter === ',' && braces > 0) source += '|';
    else source += letter.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
