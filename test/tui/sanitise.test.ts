import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, cleanLines, shorten, shortenMiddle, take, widthOf, wrap } from '../../src/tui/sanitise.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '\u001b',
      '[',
      ']',
      '\u0007',
      '\u009b',
      '\u009d',
      '\u202e',
      '\u2066',
      '\n',
      '\r',
      '\t',
      '\u0000',
      'm',
      'A',
      '1',
      ';',
      '漢',
      '\ud800',
    ),
  }),
);

describe('clean', () => {
  it('leaves nothing that steers a terminal, whatever comes', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(clean(text)).not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/,
        );
      }),
    );
  });

  it('is done after one time', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(clean(clean(text))).toBe(clean(text));
      }),
    );
  });

  it('takes whole sequences out, not only their first byte', () => {
    expect(clean('a\u001b[31mred\u001b[0mb')).toBe('aredb');
    expect(clean('a\u001b]0;title\u0007b')).toBe('ab');
    expect(clean('a\u001b]52;c;aGk=\u001b\\b')).toBe('ab');
    expect(clean('a\u009b2Jb')).toBe('ab');
    expect(clean('gnp\u202e.exe')).toBe('gnp.exe');
    expect(clean('one\r\ntwo\tthree')).toBe('one two three');
  });

  it('keeps letters of every script', () => {
    expect(clean('größe 漢字 🔥 e\u0301')).toBe('größe 漢字 🔥 e\u0301');
  });

  it('splits into lines first where lines are wanted', () => {
    expect(cleanLines('a\n\u001b[1mb\u001b[0m\r\nc')).toEqual(['a', 'b', 'c']);
  });
});

describe('widths', () => {
  it('counts columns, not characters', () => {
    expect(widthOf('漢字')).toBe(4);
    expect(take('漢字', 3)).toBe('漢');
    expect(shorten('watchfire', 6)).toBe('watch…');
    expect(shortenMiddle('http://order:3000/metrics', 15)).toBe('http://…metrics');
  });

  it('never gives more columns than asked for', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 2, max: 40 }), (text, width) => {
        const plain = clean(text);
        expect(widthOf(shorten(plain, width))).toBeLessThanOrEqual(width);
        expect(widthOf(shortenMiddle(plain, width))).toBeLessThanOrEqual(width);
        for (const line of wrap(plain, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('wraps at blanks, and in words only where they are too long', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });
});
