/** String literals as Go reads them: escapes in double and single quotes, none in back quotes. */

/** A literal that Go would refuse. */
export class GoStringError extends Error {
  override readonly name = 'GoStringError';
}

const SIMPLE: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
  ["'", 39],
  ['"', 34],
]);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value of a literal with its quotes. `\x` and octal escapes name bytes; bytes that are no UTF-8 become lone surrogates
 * U+DC80…U+DCFF. Throws GoStringError.
 */
export function unquoteGo(literal: string): string {
  const mark = literal[0]!;
  const inner = literal.slice(1, -1);
  if (mark === '`') return inner.replaceAll('\r', '');
  if (!inner.includes('\\')) return inner;
  const bytes: number[] = [];
  for (let i = 0; i < inner.length; ) {
    if (inner[i] !== '\\') {
      const character = String.fromCodePoint(inner.codePointAt(i)!);
      bytes.push(...encoder.encode(character));
      i += character.length;
      continue;
    }
    i = readEscape(inner, i, mark, bytes);
  }
  return decodeBytes(Uint8Array.from(bytes));
}

/** A string with its stray bytes as Go's `%q` shows them. */
export function hasStrayBytes(value: string): boolean {
  return /[\ud800-\udfff]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''));
}

function readEscape(inner: string, at: number, mark: string, bytes: number[]): number {
  const letter = inner[at + 1];
  if (letter === undefined) throw new GoStringError('escape sequence not terminated');
  const simple = SIMPLE.get(letter);
  if (simple !== undefined && !((letter === '"' || letter === "'") && letter !== mark)) {
    bytes.push(simple);
    return at + 2;
  }
  const octal = /^[0-7]{3}/.exec(inner.slice(at + 1));
  if (!octal && /^[0-7]/.test(letter)) {
    const [stray] = inner.slice(at + 1, at + 4).replace(/^[0-7]+/, '') || mark;
    throw new GoStringError(`illegal character ${describeCharacter(stray!)} in escape sequence`);
  }
  if (octal) {
    const value = Number.parseInt(octal[0], 8);
    if (value > 255) throw new GoStringError('escape sequence is an invalid Unicode code point');
    bytes.push(value);
    return at + 4;
  }
  const size = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
  if (size === 0) {
    throw new GoStringError(`unknown escape sequence ${describeCharacter(inner.slice(at + 1))}`);
  }
  const digits = inner.slice(at + 2, at + 2 + size);
  const stray = /[^0-9a-fA-F]/u.exec(digits)?.[0];
  if (stray !== undefined) throw new GoStringError(`illegal character ${describeCharacter(stray)} in escape sequence`);
  // The mark that ends the string is what stands in the place of a digit.
  if (digits.length < size) throw new GoStringError(`illegal character ${describeCharacter(mark)} in escape sequence`);
  const value = Number.parseInt(digits, 16);
  if (letter === 'x') bytes.push(value);
  else if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
    throw new GoStringError('escape sequence is an invalid Unicode code point');
  } else bytes.push(...encoder.encode(String.fromCodePoint(value)));
  return at + 2 + size;
}

/** Of the first one of a text: `U+0071 'q'`. */
function describeCharacter(text: string): string {
  const point = text.codePointAt(0)!;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(point)}'`;
}

function decodeBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeLoosely(bytes);
  }
}

function decodeLoosely(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const size = sequenceLength(bytes[i]!);
    const sequence = bytes.subarray(i, i + size);
    try {
      out += decoder.decode(sequence);
      i += size;
    } catch {
      out += String.fromCharCode(0xdc00 + bytes[i]!);
      i++;
    }
  }
  return out;
}

function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
