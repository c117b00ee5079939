import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/labels/fingerprint.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { compileAnchored } from '../../src/labels/regexp.ts';

describe('Labels', () => {
  it('sorts names by bytes and drops empty values', () => {
    const labels = Labels.of({ b: '2', a: '1', c: '' });
    expect(labels.toString()).toBe('{a="1", b="2"}');
    expect(labels.get('c')).toBe('');
  });

  it('writes selectors, quoting names outside the legacy alphabet', () => {
    expect(Labels.of({ __name__: 'up', job: 'a"b' }).toSelector()).toBe('up{job="a\\"b"}');
    expect(Labels.of({ __name__: 'my metric', 'a.b': 'c' }).toSelector()).toBe('{"my metric", "a.b"="c"}');
    expect(Labels.of({ __name__: 'up' }).toSelector()).toBe('up');
  });

  it('sets and removes without changing the original', () => {
    const labels = Labels.of({ a: '1' });
    expect(labels.with('0', 'x').names).toEqual(['0', 'a']);
    expect(labels.with('a', '').size).toBe(0);
    expect(labels.get('a')).toBe('1');
  });
});

describe('labels by their names', () => {
  const labels = Labels.of({ __name__: 'm', a: '1', b: '2', c: '3', d: '4' });

  it.each([
    ['all but the first', 'abcd', '{a="1", b="2", c="3", d="4"}'],
    ['some in the middle', 'bc', '{b="2", c="3"}'],
    ['some here and there', 'ad', '{a="1", d="4"}'],
    ['none', '', '{}'],
  ])('are %s', (_, kept, expected) => {
    const accept = (name: string): boolean => kept.includes(name);
    for (let i = 0; i < 2; i++) expect(labels.filterNames(accept).toString()).toBe(expected);
    expect(labels.filterNames(accept).equals(labels.filter(accept))).toBe(true);
  });

  it('are the same ones where all are accepted, and share their names where not', () => {
    expect(labels.filterNames(() => true)).toBe(labels);
    const other = Labels.fromSorted(labels.names, ['n', '5', '6', '7', '8']);
    const accept = (name: string): boolean => name !== 'b';
    expect(other.filterNames(accept).names).toBe(labels.filterNames(accept).names);
    expect(other.with('bb', 'x').toString()).toBe('{__name__="n", a="5", b="6", bb="x", c="7", d="8"}');
    expect(other.with('bb', 'x').names).toBe(labels.with('bb', 'y').names);
  });
});

describe('fingerprint', () => {
  it('is FNV-1a over names, values and separators', () => {
    expect(fingerprint(Labels.EMPTY)).toBe('cbf29ce484222325');
  });

  it('is that of 64-bit arithmetic', () => {
    const slowly = (labels: Labels): string => {
      let hash = 0xcbf29ce484222325n;
      const bytes = [...labels].flatMap(([name, value]) => [...Buffer.from(name), 255, ...Buffer.from(value), 255]);
      for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
      return hash.toString(16).padStart(16, '0');
    };
    const text = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const labels = Labels.fromPairs(pairs);
        expect(fingerprint(labels)).toBe(slowly(labels));
      }),
    );
  });
});

describe('anchored patterns', () => {
  it.each([
    ['a|b', 'b', true],
    ['a|b', 'ab', false],
    ['(?:a|b)', 'a', true],
    ['5..', '503', true],
    ['5..', '5033', false],
    ['.*api', 'x api', true],
    ['.+api', 'api', false],
    ['api.*', 'api\nx', true],
    ['.+x.+', 'xxx', true],
    ['.+x.+', 'ax', false],
    ['', '', true],
    ['a||b', '', true],
  ])('%s on %j: %s', (source, value, expected) => {
    expect(compileAnchored(source).test(value)).toBe(expected);
  });

  it('refuses what RE2 refuses, in its words', () => {
    expect(() => new Matcher('=~', 'a', '(')).toThrow(/error parsing regexp: missing closing \)/);
    expect(() => new Matcher('=~', 'a', 'a)|(b')).toThrow(/error parsing regexp/);
  });
});
