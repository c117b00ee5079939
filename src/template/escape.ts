/** Escaping of plain text for HTML, JavaScript strings and URLs, as Go's `text/template` and `net/url` do it. */

/** For HTML text and quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => HTML[character]!);
}

/** For the inside of a JavaScript string. */
export function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\x00-\x1f]|[^\x00-\x7f]/gu, (character) => {
    const short = JS[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0)!;
    if (code < 0x20) return `\\u00${hex(code)}`;
    if (PRINTABLE.test(character)) return character;
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** `url.QueryEscape`: everything but letters, digits and `-_.~`, a space as `+`. */
export function escapeQuery(text: string): string {
  return percentEncode(text, /[A-Za-z0-9\-_.~]/).replaceAll('%20', '+');
}

/** The inverse of escapeQuery. Throws what `url.QueryUnescape` says. */
export function unescapeQuery(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text)?.[0];
  if (bad !== undefined) throw new Error(`invalid URL escape "${bad}"`);
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '%') {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16));
      i += 2;
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(i)!);
    bytes.push(...Buffer.from(character === '+' ? ' ' : character));
    i += character.length - 1;
  }
  return Buffer.from(bytes).toString('utf8');
}

/** Every byte that the pattern does not keep, as `%` and two hexadecimal digits. */
export function percentEncode(text: string, keep: RegExp): string {
  let out = '';
  for (const character of text) {
    if (keep.test(character)) out += character;
    else for (const byte of Buffer.from(character)) out += `%${hex(byte)}`;
  }
  return out;
}

const HTML: Readonly<Record<string, string>> = {
  '\0': '�',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
