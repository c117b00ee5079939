/** Reads a double-quoted Go string literal. */

export class UnquoteError extends Error {
  override readonly name = 'UnquoteError';
}

const SHORT: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** As Go's `strconv.Unquote`, quotes included in the text; bytes given by `\x` and octal escapes must make up UTF-8. Throws UnquoteError. */
export function unquoteGo(literal: string): string {
  const fault = (): UnquoteError => new UnquoteError('invalid syntax');
  if (literal.length < 2 || !literal.startsWith('"') || !literal.endsWith('"')) throw fault();
  const inner = literal.slice(1, -1);
  if (/\n/.test(inner) || /(?<!\\)(?:\\\\)*"/.test(inner)) throw fault();
  const bytes: Buffer[] = [];
  for (const piece of inner.matchAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))|[^\\]+|\\/gs,
  )) {
    const [all, hex, short, long, octal, letter] = piece;
    if (!all.startsWith('\\')) bytes.push(Buffer.from(all));
    else if (hex !== undefined) bytes.push(Buffer.from([Number.parseInt(hex, 16)]));
    else if (octal !== undefined && Number.parseInt(octal, 8) < 256)
      bytes.push(Buffer.from([Number.parseInt(octal, 8)]));
    else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt((short ?? long)!, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw fault();
      bytes.push(Buffer.from(String.fromCodePoint(code)));
    } else if (letter !== undefined && SHORT[letter] !== undefined) bytes.push(Buffer.from(SHORT[letter]));
    else throw fault();
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes));
  } catch {
    throw fault();
  }
}
