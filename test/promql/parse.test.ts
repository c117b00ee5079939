import { parser as lezer } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featuresFromNames } from '../../src/promql/features.ts';
import { formatExpression } from '../../src/promql/format.ts';
import { parseExpression, parseSelector } from '../../src/promql/parse.ts';
import { PromqlParseError } from '../../src/promql/parse-error.ts';
import { formatPretty } from '../../src/promql/pretty.ts';
import { selectorsOf } from '../../src/promql/selectors.ts';

function errorOf(query: string, features: readonly string[] = ['promql-experimental-functions']): string {
  try {
    parseExpression(query, featuresFromNames(features));
    return 'no error';
  } catch (error) {
    if (error instanceof PromqlParseError) return error.message;
    throw error;
  }
}

describe('printing', () => {
  it.each([
    ['sum by(job)(rate(x[5m]))', 'sum by (job) (rate(x[5m]))'],
    ['sum(x)without(a,b)', 'sum without (a, b) (x)'],
    ['topk(5,x)', 'topk(5, x)'],
    ['a+on(x)group_left(y)b', 'a + on (x) group_left (y) b'],
    ['a > bool 1', 'a > bool 1'],
    ['x{b="1",a!~"y.*"}', 'x{a!~"y.*",b="1"}'],
    ['{"a.b",c="d"}', '{__name__="a.b",c="d"}'],
    ['x offset -90s', 'x offset -1m30s'],
    ['x[1h:] @ 1.5 offset 1d', 'x[1h:] @ 1.500 offset 1d'],
    ['x @ end()', 'x @ end()'],
    ['1000000', '1000000'],
    ['1e21 + 0.00001', '1000000000000000000000 + 0.00001'],
    ['1e6', '1000000'],
    ['quantile(1e-7, x)', 'quantile(0.0000001, x)'],
    ['x[((1m))]', 'x[1m]'],
    ['0x1F + 010', '31 + 8'],
    ['5m * 2', '5m * 2'],
    ['-x ^ 2', '-x ^ 2'],
    ['"a\\tb"', '"a\\tb"'],
    ['rate(x[step() + 5m] smoothed)', 'rate(x[step() + 5m] smoothed)'],
    ['a + fill(0) b', 'a + fill (0) b'],
    ['histogram </ 2', 'histogram </ 2'],
    ['sum by (on, "é") (x)', 'sum by (on, "é") (x)'],
    ['{"a","b"}', '{__name__="a",__name__="b"}'],
    ['x anchored', 'x anchored'],
    ['rate(x smoothed[5m])', 'rate(x[5m] smoothed)'],
    ['x offset --1m', 'x offset 1m'],
    ['x offset -(1m)', 'x offset -1m'],
    ['1 + on() x', '1 + x'],
    ['1 + on() group_left(a) x', '1 + x'],
  ])('prints %s', (query, printed) => {
    expect(formatExpression(parseExpression(query))).toBe(printed);
    expect(formatExpression(parseExpression(printed))).toBe(printed);
  });

  it('splits long expressions', () => {
    const long =
      'sum by (job) (rate(http_requests_total{instance="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}[5m])) / on (job) sum(up{job="b"})';
    expect(formatPretty(parseExpression(long))).toBe(
      [
        '  sum by (job) (rate(http_requests_total{instance="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}[5m]))',
        '/ on (job)',
        '  sum(up{job="b"})',
      ].join('\n'),
    );
  });
});

describe('errors', () => {
  it.each([
    ['', 'unknown position: parse error: no expression found in input'],
    [' # nothing', '1:1: parse error: no expression found in input'],
    ['foo bar', '1:5: parse error: unexpected identifier "bar"'],
    ['1 +', '1:4: parse error: unexpected end of input'],
    ['*1', '1:1: parse error: unexpected <op:*>'],
    ['sum(x', '1:6: parse error: unclosed left parenthesis'],
    ['sum(,x)', '1:5: parse error: unexpected "," in aggregation'],
    ['sum by (a) (abs((x x)))', '1:20: parse error: unexpected identifier "x" in aggregation'],
    ['abs(sum(x) x)', '1:12: parse error: unexpected identifier "x"'],
    ['a * on(b) group_left * c', '1:22: parse error: unexpected <op:*> in grouping opts, expected "("'],
    ['abs(x,,x)', '1:6: parse error: trailing commas not allowed in function call args'],
    ['abs(x, *)', '1:6: parse error: trailing commas not allowed in function call args'],
    ['abs(x, x x)', '1:10: parse error: unexpected identifier "x"'],
    ['rat(x[5m])', '1:1: parse error: unknown function with name "rat", did you mean "rate"?'],
    ['rate(x)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
    ['abs(x, y)', '1:1: parse error: expected 1 argument(s) in call to "abs", got 2'],
    ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['1 == 1', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['x{a="b" c="d"}', '1:9: parse error: unexpected identifier "c" in label matching, expected "," or "}"'],
    ['sum(x)[5m]', '1:7: parse error: ranges only allowed for vector selectors'],
    ['x offset 5m[5m]', '1:12: parse error: no offset modifiers allowed before range'],
    ['5minutes', '1:1: parse error: bad number or duration syntax: "5mi"'],
    ['"abc', '1:1: parse error: unterminated quoted string'],
    ['x\n  $', "2:3: parse error: unexpected character: '$'"],
    ['x[5m] anchored', '1:1: parse error: anchored modifier is experimental and not enabled'],
    ['a + fill(0) b', '1:1: parse error: binop fill modifiers are experimental and not enabled'],
    ['1 step', '1:3: parse error: unexpected "step"'],
    ['1 fill', '1:3: parse error: unexpected identifier "fill"'],
    ['a @@ 1', '1:4: parse error: unexpected <op:@> in @, expected timestamp'],
    ['a @ 1e300', `1:1: parse error: timestamp out of bounds for @ modifier: ${BigInt(1e300)}.000000`],
    ['a offset -Inf', '1:10: parse error: duration out of range'],
    ['a[<5m]', "1:3: parse error: unexpected character in duration expression: '<'"],
    ['a[step()>1]', "1:9: parse error: unexpected character in duration expression: '>'"],
    ['a[#c', "1:3: parse error: unexpected character in duration expression: '#'"],
    ['a[5m] + a[step():x]', "1:18: parse error: unexpected character in duration expression: 'x'"],
    ['a[5m] + a[step()::]', '1:19: parse error: unexpected repeated colon in duration expression'],
    ['1 and on() x', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['1 + on(a) x', '1:1: parse error: vector matching only allowed between instant vectors'],
    ['1 + on() fill(1) x', '1:1: parse error: binop fill modifiers are experimental and not enabled'],
    ['a[step():1m]', '1:10: parse error: unexpected colon before duration in duration expression'],
    ['a[max_of(step(),range()):]', '1:26: parse error: unexpected colon before duration in duration expression'],
    ['a[(', '1:4: parse error: unexpected end of input in duration expression'],
    ['a[(5m', '1:6: parse error: unclosed left parenthesis'],
    ['sum(a[5m #c', '1:12: parse error: unclosed left parenthesis'],
    ['a[5m', '1:5: parse error: unclosed left bracket'],
    ['a[5m x]', "1:6: parse error: unexpected character: 'x', expected ':'"],
    ['a[5m:inf]', "1:6: parse error: unexpected character: 'i', expected ':'"],
    ['a[5m µ]', "1:6: parse error: unexpected character: 'µ'"],
    ['a[5m[]', "1:5: parse error: unexpected left bracket '['"],
    ['a[5m"b"]', '1:5: parse error: unexpected string "\\"b\\"" in subquery or range, expected ":" or "]"'],
    ['a[1d1y]', '1:3: parse error: bad number or duration syntax: "1d1"'],
    ['a[1d1w]', '1:3: parse error: not a valid duration string: "1d1w"'],
    [
      'a[5m:<1m]',
      '1:6: parse error: unexpected <op:<> in subquery selector, expected number, duration, step(), range(), or "]"',
    ],
    ['a[5m:0.0001]', '1:6: parse error: duration must be greater than 0'],
    ['1.5h', '1:1: parse error: unknown unit "." in duration "1.5h"'],
    ['a[1e3ms]', '1:3: parse error: unknown unit "e" in duration "1e3ms"'],
    ['.5h', '1:1: parse error: not a valid duration string: ".5h"'],
    ['0x', '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax'],
    ['a + on (x) group_left', '1:22: parse error: unexpected end of input in grouping opts, expected "("'],
    ['info(a, 1)', '1:1: parse error: expected type instant vector in call to function "info", got scalar'],
    ['"\\x"', `1:1: parse error: illegal character U+0022 '"' in escape sequence`],
    ['"\\1"', `1:1: parse error: illegal character U+0022 '"' in escape sequence`],
    ['a{b=~"\\\\"}', '1:3: parse error: error parsing regexp: trailing backslash at end of expression: ``'],
    ['a{"b"}', '1:1: parse error: metric name must not be set twice: "a" or "b"'],
  ])('says of %j what is wrong', (query, message) => {
    expect(errorOf(query)).toBe(message);
  });

  it.each([
    [
      'a[range]',
      '1:8: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
    ],
    ['a[(0s)]', '1:4: parse error: duration must be greater than 0'],
    ['a[1m * 1e300]', '1:8: parse error: duration out of range'],
    ['a + fill (0) fill_left (1) b', '1:24: parse error: unexpected "("'],
  ])('says of %j what is wrong where every part is allowed', (query, message) => {
    expect(() => parseExpression(query)).toThrow(message);
  });

  it('takes a range of less than a millisecond, which has nothing in it', () => {
    expect(parseExpression('a[0.0001]')).toMatchObject({ rangeMs: 0 });
  });

  it('takes several quoted names, which no series has at once', () => {
    expect(parseExpression('{"a", "b", c="d"}')).toMatchObject({
      name: '',
      matchers: [
        { operator: '=', name: '__name__', value: 'a' },
        { operator: '=', name: '__name__', value: 'b' },
        { operator: '=', name: 'c', value: 'd' },
      ],
    });
  });

  it('takes without a feature what was experimental before Prometheus 3.14', () => {
    expect(parseExpression('first_over_time(x[5m + step()] offset (1m))', featuresFromNames([])).kind).toBe('call');
  });

  it('refuses experimental functions unless they are on', () => {
    expect(errorOf('info(x)', [])).toBe('1:1: parse error: function "info" is not enabled');
    expect(errorOf('limitk(1, x)', [])).toContain('limitk() is experimental');
  });

  it('refuses nesting without end', () => {
    expect(errorOf('('.repeat(100_000))).toContain('parse error');
    expect(errorOf('-'.repeat(100_000))).toContain('parse error');
  });
});

describe('selectors', () => {
  it('reads those of an API', () => {
    expect(parseSelector('up{job=~"a|b"}').map(String)).toEqual(['job=~"a|b"', '__name__="up"']);
    expect(() => parseSelector('rate(up[5m])')).toThrow(PromqlParseError);
  });

  it('lists those of an expression', () => {
    const selectors = selectorsOf(parseExpression('sum(rate(a[5m])) / b + max_over_time(c[1h:1m])'));
    expect(selectors.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});

const word = fc.constantFrom(
  'x',
  'sum',
  'rate',
  'by',
  '(',
  ')',
  '[5m]',
  '{a="b"}',
  ',',
  '+',
  '-',
  'and',
  'offset 5m',
  '@ 1',
  '1',
  '"s"',
  '[',
  ']',
  '{',
  '}',
  ':',
  'on(a)',
  'group_left',
  'bool',
  '==',
  '5m',
  'NaN',
  '\\',
  '"',
  '#',
  '\n',
  'é',
  '</',
  'smoothed',
  'fill(1)',
);

describe('any text', () => {
  it('is parsed or refused with a typed error, in no time', () => {
    const check = (query: string): void => {
      try {
        const printed = formatExpression(parseExpression(query));
        expect(formatExpression(parseExpression(printed))).toBe(printed);
      } catch (error) {
        expect(error).toBeInstanceOf(PromqlParseError);
      }
    };
    fc.assert(fc.property(fc.string({ unit: 'binary' }), check), { numRuns: 2000, seed: 7 });
    fc.assert(
      fc.property(
        fc.array(word).map((words) => words.join(' ')),
        check,
      ),
      { numRuns: 5000, seed: 7 },
    );
  });

  it('is valid where the editors’ grammar says so', () => {
    const strict = lezer.configure({ strict: true });
    const simple = fc.constantFrom(
      'x',
      'up{a="b"}',
      'rate(x[5m])',
      'sum by (a) (x)',
      '1',
      'x offset 5m',
      'topk(2, x)',
      '(x)',
      '-x',
      'x[5m]',
      'avg_over_time(x[1h:5m])',
      '"s"',
    );
    const operator = fc.constantFrom('+', '*', 'and', 'or', '==', '> bool', '+ on(a)', '^', ')', '(');
    fc.assert(
      fc.property(simple, operator, simple, (left, between, right) => {
        const query = `${left} ${between} ${right}`;
        let isGrammatical = true;
        try {
          strict.parse(query);
        } catch {
          isGrammatical = false;
        }
        const error = errorOf(query);
        if (!isGrammatical) expect(error).not.toBe('no error');
        else if (error !== 'no error') expect(error).toMatch(/expected type|must|only|not allowed/);
      }),
      { numRuns: 1000, seed: 7 },
    );
  });
});
