/** The one sanitiser of the screen: text from outside without anything that could steer a terminal, and how wide it is there. */
import stringWidth from 'string-width';

// C0 and C1 controls, DEL, line and paragraph separators, bidi marks, embeddings, overrides and isolates, byte order mark, tags, lone surrogates.
const STEERING =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/u;
// Whole sequences go as one: CSI, OSC/DCS/APC/PM/SOS up to their end, two-character escapes.
const SEQUENCES =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
const BREAKS = /\r\n|[\n\r\t\v\f\u0085\u2028\u2029]/g;
const REST = new RegExp(STEERING.source, 'gu');
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
// One column each, one UTF-16 unit each: Latin letters, punctuation, arrows, box drawing, blocks, shapes, braille.
const SINGLE = /^[\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc\u2800-\u28ff]*$/;

/** The text on one line: breaks and tabs become blanks, control characters, escape sequences and bidi controls vanish. */
export function clean(text: string): string {
  if (PRINTABLE_ASCII.test(text) || !STEERING.test(text)) return text;
  return text.replace(SEQUENCES, '').replace(BREAKS, ' ').replace(REST, '');
}

/** The text on as many lines as it has, each cleaned, tabs expanded to two blanks. */
export function cleanLines(text: string): string[] {
  return text
    .replace(/\t/g, '  ')
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map(clean);
}

/** Terminal columns that clean text takes. */
export function widthOf(text: string): number {
  return SINGLE.test(text) ? text.length : stringWidth(text);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The longest beginning of clean text that takes at most `width` columns. */
export function take(text: string, width: number): string {
  if (width <= 0) return '';
  if (SINGLE.test(text)) return text.length <= width ? text : text.slice(0, width);
  let used = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += widthOf(segment);
    if (used > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** Clean text cut to `width` columns, with an ellipsis where something was cut. */
export function shorten(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text;
  if (width <= widthOf(ellipsis)) return take(text, width);
  return take(text, width - widthOf(ellipsis)).trimEnd() + ellipsis;
}

/** Like `shorten`, keeping both ends: for URLs, paths and identifiers whose tail tells them apart. */
export function shortenMiddle(text: string, width: number, ellipsis = '…'): string {
  const total = widthOf(text);
  if (total <= width) return text;
  if (width < 5) return shorten(text, width, ellipsis);
  const tail = Math.floor((width - widthOf(ellipsis)) / 2);
  const head = take(text, width - widthOf(ellipsis) - tail);
  let rest = '';
  for (const { segment } of [...graphemes.segment(text)].reverse()) {
    if (widthOf(segment) + widthOf(rest) > tail) break;
    rest = segment + rest;
  }
  return head + ellipsis + rest;
}

/** Clean text broken at blanks (or anywhere, where a word is too long) into lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    let rest = word;
    if (widthOf(line) + widthOf(rest.trimEnd()) > width && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    while (widthOf(rest.trimEnd()) > width) {
      const head = take(rest, width) || rest.slice(0, 1);
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line += rest;
  }
  if (line.trimEnd() !== '' || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}
