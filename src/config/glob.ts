/** Whether a text is a file pattern by Go's `path/filepath.Match`. */

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
