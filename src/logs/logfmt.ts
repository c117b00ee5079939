/** Reads a line of logfmt: `key=value key="quoted value" flag`. */
import type { Fields } from './structured-record.ts';

const PAIR = /([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/y;

/** Undefined where the line is not pairs from its start to its end, at least two of them. */
export function parseLogfmt(line: string): Fields | undefined {
  const text = line.trim();
  if (!/^[A-Za-z_@][\w.@/-]*=/.test(text)) return undefined;
  const fields: Record<string, unknown> = Object.create(null);
  let pairs = 0;
  let at = 0;
  while (at < text.length) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (match === null) {
      const flag = /[^\s="]+(?=\s|$)/y;
      flag.lastIndex = at;
      const word = flag.exec(text);
      if (word === null) return undefined;
      fields[word[0]] = true;
      at = flag.lastIndex;
    } else {
      fields[match[1]!] = match[2] === undefined ? match[3]! : unescaped(match[2]);
      pairs += 1;
      at = PAIR.lastIndex;
    }
    while (text[at] === ' ' || text[at] === '\t') at += 1;
  }
  return pairs >= 2 ? fields : undefined;
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  const special: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
  return text.replace(/\\(.)/g, (_whole, letter: string) => special[letter] ?? letter);
}
