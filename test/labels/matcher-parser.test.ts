import { describe, expect, it } from 'vitest';
import { parseMatcher, parseMatchers } from '../../src/labels/matcher-parser.ts';

describe('parseMatchers', () => {
  it.each([
    ['a="b"', ['a="b"']],
    ['a = b', ['a="b"']],
    ['{a="b",c!="d",}', ['a="b"', 'c!="d"']],
    ['a=~"b|c",d!~e.*', ['a=~"b|c"', 'd!~"e.*"']],
    ['a=', ['a=""']],
    ['{}', []],
    ['', []],
    ['{"a b"="c"}', ['"a b"="c"']],
    ['über=x', ['"über"="x"']],
    ['a="b\\"c\\n"', ['a="b\\"c\\n"']],
    ['a="{,}"', ['a="{,}"']],
    ['statuscode=~"5.."', ['statuscode=~"5.."']],
    // The two grammars differ: the classic one counts.
    ['a=\\"', ['a="\\""']],
    ['a="\\d"', ['a="\\\\d"']],
  ])('%s', (text, expected) => {
    expect(parseMatchers(text).map(String)).toEqual(expected);
  });

  it.each([
    ['a', 'bad matcher format: a'],
    ['a="b', 'matcher value contains unescaped double quote: "b'],
    ['a=~"("', 'error parsing regexp'],
    ['{a=b', undefined],
  ])('refuses or bears %s', (text, message) => {
    if (message) expect(() => parseMatchers(text)).toThrow(message);
    else expect(parseMatchers(text).map(String)).toEqual(['a="b"']);
  });

  it('takes one matcher without braces', () => {
    expect(String(parseMatcher('a="b"'))).toBe('a="b"');
    expect(() => parseMatcher('{a="b"}')).toThrow('unexpected open or close brace');
    expect(String(parseMatcher('a=b,c=d'))).toBe('a="b,c=d"');
  });
});
