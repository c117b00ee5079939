/** File patterns by Go's `path/filepath`: `*` and `?` within one name (hidden ones too), classes, no braces and no `**`. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What is there on disk that matches the pattern, sorted; nothing for a pattern that is none. */
export function globFiles(pattern: string): readonly string[] {
  if (pattern === '' || globFault(pattern)) return [];
  if (!/[*?[\\]/.test(pattern)) return isThere(pattern) ? [pattern] : [];
  const slash = pattern.lastIndexOf('/');
  const folder = slash < 0 ? '' : pattern.slice(0, slash) || '/';
  const folders = /[*?[\\]/.test(folder) ? globFiles(folder) : [folder];
  const name = namePattern(pattern.slice(slash + 1));
  return folders.flatMap((each) =>
    namesIn(each || '.')
      .filter((found) => name.test(found))
      .map((found) => join(each, found)),
  );
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function namePattern(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else if (character === '\\') source += literal(pattern[++i]!);
    else if (character !== '[') source += literal(character);
    else {
      const end = classEnd(pattern, i + 1)!;
      const negated = pattern[i + 1] === '^';
      const inside = pattern
        .slice(i + (negated ? 2 : 1), end)
        .replace(/\\?(.)/gs, (_, each: string) => (each === '-' ? '-' : literal(each)));
      source += `[${negated ? '^' : ''}${inside}]`;
      i = end;
    }
  }
  return new RegExp(`^${source}$`, 'u');
}

function literal(character: string): string {
  return /[a-zA-Z0-9_]/.test(character) || character > '\x7f'
    ? character
    : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** What is wrong with the pattern, in Go's words; undefined where nothing is. */
export function globFault(pattern: string): string | undefined {
  const bad = 'syntax error in pattern: close its brackets, or escape them with a backslash';
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '\\' && ++i >= pattern.length) return bad;
    if (pattern[i] !== '[') continue;
    const end = classEnd(pattern, i + 1);
    if (end === undefined) return bad;
    i = end;
  }
  return undefined;
}

/** The index of the `]` that closes a class whose inside begins at `i`; undefined where it is malformed. */
function classEnd(pattern: string, i: number): number | undefined {
  let at = pattern[i] === '^' ? i + 1 : i;
  for (let ranges = 0; ; ranges++) {
    if (pattern[at] === ']' && ranges > 0) return at;
    const low = classCharacter(pattern, at);
    if (low === undefined) return undefined;
    at = low;
    if (pattern[at] !== '-') continue;
    const high = classCharacter(pattern, at + 1);
    if (high === undefined) return undefined;
    at = high;
  }
}

/** The index after one character of a class. */
function classCharacter(pattern: string, at: number): number | undefined {
  const character = pattern[at];
  if (character === undefined || character === '-' || character === ']') return undefined;
  const next = character === '\\' ? at + 2 : at + 1;
  return next < pattern.length ? next : undefined;
}
