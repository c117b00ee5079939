/** Regular expressions with RE2's semantics and linear time, fully anchored, with fast paths for literals, alternations, prefixes and suffixes. */
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** A pattern that RE2 refuses; the message is Go's (`error parsing regexp: …`). */
export class RegexpError extends Error {
  override readonly name = 'RegexpError';
}

export interface AnchoredRegexp {
  readonly source: string;
  /** Whether the whole value matches. */
  test(value: string): boolean;
  /** The values it can match at all, where it is a literal or an alternation of literals; an index looks these up. */
  readonly literals: readonly string[] | undefined;
}

/** Compiles `^(?s:source)$`. Throws RegexpError. */
export function compileAnchored(source: string): AnchoredRegexp {
  const literals = alternatives(source);
  if (literals !== undefined) {
    const set = new Set(literals);
    return { source, literals, test: (value) => set.has(value) };
  }
  if (source === '.*') return { source, literals: undefined, test: () => true };
  if (source === '.+') return { source, literals: undefined, test: (value) => value !== '' };
  const affix = /^(\.[*+])?([\w \-:/@,;=%&~<>"'#!]+)(\.[*+])?$/.exec(source);
  if (affix && (affix[1] || affix[3]))
    return { source, literals: undefined, test: affixTest(affix[1], affix[2]!, affix[3]) };
  const compiled = compileRe2(`^(?s:${source})$`, source);
  return { source, literals: undefined, test: (value) => compiled.matcher(value).matches() };
}

/** The compiled pattern itself, for replacing and for capturing. `reported` is what an error message names. */
export function compileRe2(source: string, reported: string = source): RE2JS {
  try {
    // A pattern that closes the anchoring group early would otherwise be accepted.
    if (reported !== source) RE2JS.compile(reported);
    return RE2JS.compile(source);
  } catch (error) {
    // Go names what is wrong with it even where that is nothing.
    if (error instanceof RE2JSSyntaxException)
      throw new RegexpError(error.message.replace(/(at end of expression)$/, '$1: ``'));
    throw error;
  }
}

/** The literals of `a`, `a|b|c` or `(a|b)`; undefined for anything else. */
function alternatives(source: string): string[] | undefined {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(source)?.[1] ?? source;
  return /[\\^$.*+?()[\]{}]/.test(inner) ? undefined : inner.split('|');
}

function affixTest(before: string | undefined, literal: string, after: string | undefined): (value: string) => boolean {
  const least = literal.length + (before === '.+' ? 1 : 0) + (after === '.+' ? 1 : 0);
  if (!before) return (value) => value.length >= least && value.startsWith(literal);
  if (!after) return (value) => value.length >= least && value.endsWith(literal);
  const from = before === '.+' ? 1 : 0;
  const room = after === '.+' ? 1 : 0;
  return (value) => {
    const at = value.indexOf(literal, from);
    return at >= 0 && at + literal.length + room <= value.length;
  };
}
