/** Texts that go-yaml and the YAML library take differently; verdicts and values are those of promtool. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/problem.ts';
import { readYaml, type YamlValue } from '../../src/config/yaml-reader.ts';

function plain(value: YamlValue | undefined): unknown {
  if (value?.kind === 'list') return value.items.map(plain);
  if (value?.kind === 'map')
    return Object.fromEntries(value.entries.map((each) => [plain(each.key), plain(each.value)]));
  return value?.text;
}

function refusal(text: string): string {
  try {
    readYaml('f', text);
    return 'accepted';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

describe('readYaml', () => {
  it.each([
    ['brackets', 'a: [\nb,\n c]\nd: e\n', { a: ['b', 'c'], d: 'e' }],
    [
      'braces that hold comments and quotes',
      "a:\n  b: {\nc: \"]}\", # ]\n d: 'it''s]'\n}\ne: f\n",
      { a: { b: { c: ']}', d: "it's]" } }, e: 'f' },
    ],
    ['brackets with tabs', 'a: [\n\t{b: c}\n]\n', { a: [{ b: 'c' }] }],
    ['double quotes', 'a:\n  b: "one\ntwo\n   three"\n  c: d\n', { a: { b: 'one two three', c: 'd' } }],
    ['single quotes', "a:\n  b: 'one\n\ntwo'\n", { a: { b: 'one\ntwo' } }],
    ['a plain text with a bracket in it before them', 'a: x[\nb: {\nc: d }\n', { a: 'x[', b: { c: 'd' } }],
  ])('asks for no indentation within %s', (_, text, value) => {
    expect(plain(readYaml('f', text).root)).toEqual(value);
  });

  it('knows the place of what comes after such lines', () => {
    const { root, text } = readYaml('f', 'a:\n  b: [\nc, "d\ne"\n]\n  f: g\n');
    if (root?.kind !== 'map' || root.entries[0]?.value.kind !== 'map') throw new Error('no map');
    const [b, f] = root.entries[0].value.entries;
    expect(f!.key.place).toMatchObject({ line: 6, column: 3 });
    if (b!.value.kind !== 'list') throw new Error('no list');
    const [c, d] = b!.value.items;
    expect(c!.place).toMatchObject({ line: 3, column: 1 });
    expect(d?.kind === 'scalar' && text.slice(...d.span)).toBe('"d\ne"');
  });

  it.each([
    ['three dots and more', 'a: b\n... x\n  - [\n'],
    ['dashes and more', 'a: b\n--- x\ny: z\n'],
    ['a directive', 'a: b\n%YAML 1.1\n  - c\n'],
    ['a tag directive', 'a: b\n%TAG ! x # c\n  - c\n'],
  ])('ends the document before %s', (_, text) => {
    const { root, rest } = readYaml('f', text);
    expect(plain(root)).toEqual({ a: 'b' });
    expect(rest).toMatchObject({ line: 2, column: 1 });
  });

  it('refuses an end before the beginning, and what only looks like a directive', () => {
    expect(refusal('# c\n...\na: b\n')).toContain('f:2:1: not valid YAML: a document ends here that has not begun');
    expect(refusal('a: b\n%x\n  - c\n')).toContain('f:2:1: not valid YAML');
  });

  it('takes a carriage return for the end of a line', () => {
    const { root } = readYaml('f', '\ufeffa:\r  b: c\r\nd: e\r');
    expect(plain(root)).toEqual({ a: { b: 'c' }, d: 'e' });
    expect(root?.kind === 'map' && root.entries[1]!.key.place).toMatchObject({ line: 3, column: 1 });
  });

  it('ends the document where a line begins left of its first, and says where the rest is', () => {
    const { root, rest } = readYaml('f', '  a: b\n  c: d\n e: f\n');
    expect(plain(root)).toEqual({ a: 'b', c: 'd' });
    expect(rest).toMatchObject({ line: 3, column: 2 });
    expect(readYaml('f', 'a: b\n---\nc: d\n').rest).toMatchObject({ line: 2, column: 1 });
  });

  it.each([
    ['a: b\n\t# c\n', 'f:2:1: not valid YAML: found a tab character'],
    ['a: "b"\n  \t\nc: d\n', 'f:2:3: not valid YAML: found a tab character'],
    ['- a: b\n  \t\n', 'f:2:3: not valid YAML: found a tab character'],
    ['a: "x\\/y"\n', 'f:1:6: not valid YAML: found unknown escape character'],
    ['{"a": "\\ud83d\\ude00"}', 'f:1:8: not valid YAML: found invalid Unicode character escape code'],
    ['a: [x?]\n', 'f:1:6: not valid YAML: did not find expected'],
    ['%YAML 1.2\n---\na: b\n', 'f:1:1: not valid YAML: found incompatible YAML document'],
    ['%FOO\n---\na: b\n', 'f:1:1: not valid YAML: found unknown directive name'],
    ['%FOO\n', 'f:1:1: not valid YAML: found unknown directive name'],
    ['a:\n- \tb\n', 'f:2:3: not valid YAML: found a tab character'],
    ['a: b\n: c\n', 'f:2:1: not valid YAML: did not find expected key'],
    ['a: b\nc: "d\ne: f\n', 'f:2:4: not valid YAML: this " is not closed'],
    ['a: b\nc: [d, {e: f}\n', 'f:2:4: not valid YAML: this [ is not closed'],
    ['a:\n   b: c\n  d: e\n', 'f:3:3: not valid YAML: the indentation does not fit'],
    ['# x\n\t\n', 'f:2:1: not valid YAML: found a tab character'],
    ['a: [:80]\n', 'f:1:5: not valid YAML: did not find expected node content'],
    ['a: &b.c d\n', 'f:1:4: not valid YAML: did not find expected alphabetic or numeric character'],
  ])('refuses %j', (text, start) => {
    expect(refusal(text).slice(0, start.length)).toBe(start);
  });

  it.each([
    'a: b\n  \t\nc: d\n',
    'a: [b]#c\n',
    'a: "b"#c\n',
    'a: :80\n',
    'a: [\tb]\n',
    '? a\n: b\n',
    'a: &b-C_1 d\n',
    'a: |\n  x\n\ty\n'.replace('\ty', '  \ty'),
    'a: "b\n\tc"\n',
    'a:\t\n  b:\tc\t\n',
    'a: "\\\\/"\n',
    'a: x?\n',
    'a: ["x?"]\n',
    '%YAML 1.1\n---\na: b\n---\nc: [x?]\n',
  ])('accepts %j', (text) => {
    expect(refusal(text)).toBe('accepted');
  });
});
