/** Reads the text of a YAML (or JSON) file into values that know their place, refusing what go-yaml refuses. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { ConfigError, type Problem } from './problem.ts';
import type { SourcePlace } from './prometheus-config.ts';
import { indentContinuations } from './yaml-continuation.ts';
import { lastOpening, scannerFault } from './yaml-scanner-fault.ts';

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly place: SourcePlace;
  /** Quotes and folds undone. */
  readonly text: string;
  /** Written without quotes: its text decides its type. */
  readonly plain: boolean;
  /** An explicit tag in its short form, e.g. `!!str`. */
  readonly tag: string | undefined;
  /** Where it stands in the text, from and to (exclusive), in UTF-16 units; quotes included. */
  readonly span: readonly [number, number];
}

export interface YamlList {
  readonly kind: 'list';
  readonly place: SourcePlace;
  readonly items: readonly YamlValue[];
}

export interface YamlEntry {
  readonly key: YamlValue;
  readonly value: YamlValue;
  /** Came in by a merge key (`<<`). */
  readonly merged: boolean;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly place: SourcePlace;
  readonly entries: readonly YamlEntry[];
}

export type YamlValue = YamlScalar | YamlList | YamlMap;

export interface YamlDocument {
  readonly text: string;
  /** Undefined where the file holds nothing. */
  readonly root: YamlValue | undefined;
  /** Where what nobody reads begins: a second document, or lines that the first has ended before. */
  readonly rest: SourcePlace | undefined;
}

/** Only the first document counts, as in Prometheus. Throws ConfigError where the text is no YAML. */
export function readYaml(file: string, content: Uint8Array | string): YamlDocument {
  // To go-yaml a carriage return alone ends a line.
  const text = decodeUtf8(file, content).replace(/\r(?!\n)/g, '\n');
  refuseControlCharacters(file, text);
  const lines = new LineCounter();
  for (let line = 0; line >= 0; line = text.indexOf('\n', line) + 1 || -1) lines.addNewLine(line);
  const placeAt = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const early = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*\.\.\.(?=\s|$)/.exec(text);
  if (early !== null) {
    const message = 'not valid YAML: a document ends here that has not begun: remove the three dots';
    throw syntaxError(placeAt(early[0].length - 3), message);
  }
  const { text: parsed, documents, original, restAt } = parse(text);
  const first = documents[0] as Document | undefined;
  const placeOf = (offset: number): SourcePlace => placeAt(original(offset));
  const error = first?.errors[0];
  if (error) throw new ConfigError([syntaxProblem(error, parsed, placeOf)]);
  const fault = scannerFault(parsed);
  if (fault) throw syntaxError(placeOf(fault.offset), `not valid YAML: ${fault.message}`);
  if (first === undefined) return { text, root: undefined, rest: undefined };
  const root = first.contents === null ? undefined : convert(first, placeOf, original);
  return { text, root, rest: restAt === undefined ? undefined : placeAt(restAt) };
}

interface Parsed {
  /** As the documents have it. */
  readonly text: string;
  readonly documents: readonly Document[];
  /** From an offset in the documents to one in the text. */
  original(offset: number): number;
  readonly restAt: number | undefined;
}

/** The first document ends before such a line, whatever follows on it; go-yaml reads no further. */
const DOCUMENT_END = /^(?:(?:---|\.\.\.)(?=\s)|%(?:YAML[ \t]+\d+\.\d+|TAG[ \t]+\S+[ \t]+\S+)[ \t]*(?:#.*)?$)/gm;

/** Where the library finds the indentation at fault, it is tried again with what go-yaml lets through. */
function parse(text: string): Parsed {
  const asWritten = parseText(text);
  if (!asWritten.documents[0]?.errors.length) return asWritten;
  for (const end of text.matchAll(DOCUMENT_END)) {
    const upToThere = parseText(text.slice(0, end.index));
    const isOne = upToThere.documents[0]?.contents != null && upToThere.documents[0].errors.length === 0;
    if (isOne) return { ...upToThere, restAt: end.index };
  }
  const { text: indented, original } = indentContinuations(text);
  const found = indented === text ? asWritten : { ...parseText(indented), original };
  const error = found.documents[0]?.errors[0];
  const start = found.documents[0]?.contents?.range?.[0];
  if (error === undefined || start === undefined) return found;
  // A line that begins left of the first one's text ends the document.
  const line = indented.lastIndexOf('\n', error.pos[0] - 1) + 1;
  const indentation = start - (indented.lastIndexOf('\n', start - 1) + 1);
  if (line === 0 || error.pos[0] - line >= indentation || indented.slice(line, error.pos[0]).trim() !== '')
    return found;
  const upToThere = parseText(indented.slice(0, line));
  return upToThere.documents[0]?.errors.length === 0
    ? { ...upToThere, original, restAt: original(error.pos[0]) }
    : found;
}

function parseText(text: string): Parsed {
  const documents = parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const found = documents.length === 0 ? [] : (documents as Document[]);
  // `[a]#b` is a comment to go-yaml.
  for (const each of found) each.errors = each.errors.filter(({ message }) => !message.startsWith('Comments must be'));
  return { text, documents: found, original: (offset) => offset, restAt: found[1]?.range?.[0] };
}

function decodeUtf8(file: string, content: Uint8Array | string): string {
  if (typeof content === 'string') return content.replace(/^\ufeff/, '');
  const encoding = content[0] === 0xff && content[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(content);
  } catch {
    const before = new TextDecoder(encoding).decode(content.subarray(0, firstInvalidByte(content)));
    const lines = before.split('\n');
    throw syntaxError(
      { file, line: lines.length, column: lines.at(-1)!.length + 1 },
      'this is not valid UTF-8: save the file as UTF-8 text',
    );
  }
}

/** The longest prefix that decodes ends where the fault is; halving finds it. */
function firstInvalidByte(content: Uint8Array): number {
  let good = 0;
  let bad = content.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(content.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}

function refuseControlCharacters(file: string, text: string): void {
  const at = text.search(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufeff\ufffe\uffff]/);
  if (at < 0) return;
  const lines = text.slice(0, at).split('\n');
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  throw syntaxError(
    { file, line: lines.length, column: lines.at(-1)!.length + 1 },
    `control characters are not allowed (U+${code}): remove it, or write it as an escape in a double-quoted string`,
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab where YAML wants spaces: replace the tab by spaces',
  BAD_INDENT: 'the indentation does not fit: align this line with its neighbours',
  MULTILINE_IMPLICIT_KEY: 'a key must fit on one line: is a colon or a closing quote missing?',
  BAD_ALIAS: 'this alias names no anchor: define it with & before',
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed here: quote a value that holds a colon and a space',
};

function syntaxProblem(error: YAMLError, text: string, placeAt: (offset: number) => SourcePlace): Problem {
  const opening = /^Missing closing|^Flow .* must be sufficiently indented/.test(error.message)
    ? lastOpening(text, error.pos[0])
    : undefined;
  if (opening !== undefined) {
    const message = `not valid YAML: this ${text[opening]} is not closed: close it, on the same line at best`;
    return { ...placeAt(opening), severity: 'error', message };
  }
  const lineStart = text.lastIndexOf('\n', error.pos[0] - 1) + 1;
  const tabbed = error.code !== 'BAD_DQ_ESCAPE' && /^ *\t/.test(text.slice(lineStart).split('\n')[0]!);
  const advice = tabbed ? ADVICE['TAB_AS_INDENT'] : ADVICE[error.code];
  const blanks = /^ *(?=[^ \n])/.exec(text.slice(error.pos[0]))?.[0].length ?? 0;
  const place = placeAt(error.pos[0] + blanks);
  return { ...place, severity: 'error', message: `not valid YAML: ${advice ?? error.message}` };
}

function syntaxError(place: SourcePlace, message: string): ConfigError {
  return new ConfigError([{ ...place, severity: 'error', message }]);
}

/** From the library's nodes to values: aliases followed (each anchor once), merge keys unfolded. */
function convert(
  document: Document,
  placeAt: (offset: number) => SourcePlace,
  original: (offset: number) => number,
): YamlValue {
  const done = new Map<unknown, YamlValue>();
  const open = new Set<unknown>();

  const visit = (node: unknown, fallback: number): YamlValue => {
    if (isAlias(node)) {
      const target = node.resolve(document);
      const place = placeAt(node.range?.[0] ?? fallback);
      if (target === undefined)
        throw syntaxError(place, `unknown anchor '${node.source}' referenced: define it with &`);
      if (open.has(target)) throw syntaxError(place, `anchor '${node.source}' value contains itself: break the loop`);
      return visit(target, fallback);
    }
    const known = done.get(node);
    if (known) return known;
    open.add(node);
    const value = build(node, fallback);
    open.delete(node);
    if (node !== null) done.set(node, value);
    return value;
  };

  const build = (node: unknown, fallback: number): YamlValue => {
    if (isScalar(node)) {
      const [from, to] = node.range ?? [fallback, fallback];
      return {
        kind: 'scalar',
        place: placeAt(from === to ? fallback : from),
        text: String(node.value ?? ''),
        plain: node.type === 'PLAIN' || node.type === undefined,
        tag: shortTag(node.tag),
        span: [original(from), original(to)],
      };
    }
    if (isSeq(node)) {
      const at = node.range?.[0] ?? fallback;
      return { kind: 'list', place: placeAt(at), items: node.items.map((item) => visit(item, at)) };
    }
    if (isMap(node)) return buildMap(node.items, node.range?.[0] ?? fallback);
    return {
      kind: 'scalar',
      place: placeAt(fallback),
      text: '',
      plain: true,
      tag: undefined,
      span: [fallback, fallback],
    };
  };

  const buildMap = (items: readonly { key: unknown; value: unknown }[], at: number): YamlMap => {
    const entries: YamlEntry[] = [];
    for (const item of items) {
      const key = visit(item.key, at);
      const keyAt = isScalar(item.key) ? (item.key.range?.[0] ?? at) : at;
      const value = visit(item.value, keyAt);
      if (key.kind === 'scalar' && key.plain && key.text === '<<') entries.push(...mergedEntries(value));
      else entries.push({ key, value, merged: false });
    }
    return { kind: 'map', place: placeAt(at), entries };
  };

  return visit(document.contents, 0);
}

function mergedEntries(value: YamlValue): YamlEntry[] {
  if (value.kind === 'map') return value.entries.map((entry) => ({ ...entry, merged: true }));
  if (value.kind === 'list' && value.items.every((item) => item.kind === 'map')) {
    return value.items.toReversed().flatMap(mergedEntries);
  }
  throw syntaxError(value.place, 'map merge requires map or sequence of maps as the value');
}

function shortTag(tag: string | undefined): string | undefined {
  return tag?.replace(/^tag:yaml\.org,2002:/, '!!');
}
