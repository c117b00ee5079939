import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpositionCache, ExpositionError, parseExposition, StartTimestamps } from '../../src/exposition/exposition.ts';
import { formatGoFloat, formatOpenMetricsFloat, parseGoFloat } from '../../src/exposition/float.ts';
import { quote } from '../../src/labels/labels.ts';
import { CollectingSink } from './collecting-sink.ts';

function parsed(format: 'text' | 'openmetrics', body: string | Uint8Array, startTimestamps = false): CollectingSink {
  const sink = new CollectingSink();
  parseExposition(format, typeof body === 'string' ? Buffer.from(body) : body, sink, {
    startTimestamps: startTimestamps ? new StartTimestamps() : undefined,
  });
  return sink;
}

function lines(sink: CollectingSink): string[] {
  return sink.collected.map(({ labels, value, timestampMs, startMs, exemplars }) => {
    const parts = [labels.toSelector(), String(value)];
    if (timestampMs !== undefined) parts.push(`@${timestampMs}`);
    if (startMs !== undefined) parts.push(`since ${startMs}`);
    for (const each of exemplars) parts.push(`# ${each.labels} ${each.value} ${each.timestampMs ?? ''}`.trim());
    return parts.join(' ');
  });
}

function refusal(format: 'text' | 'openmetrics', body: string): string {
  try {
    parsed(format, body);
  } catch (error) {
    if (error instanceof ExpositionError) return `${error.line}:${error.column} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('the text format', () => {
  it('gives samples, timestamps and metadata', () => {
    const sink = parsed(
      'text',
      [
        '# HELP a says \\\\ and \\n',
        '#\tTYPE\ta counter',
        '# a comment',
        'a{x="1",y="\\"q\\" \\\\ \\n"} 1.5 1700000000123',
        '{"with space",x="é"} -Inf',
        'b\t+Inf ',
        '',
        '# TYPE h histogram',
        'h_bucket{le="1"} 3',
        'h_bucket{ le = "1e3" , } 4',
        'c NaN',
      ].join('\n'),
    );
    expect(lines(sink)).toEqual([
      'a{x="1", y="\\"q\\" \\\\ \\n"} 1.5 @1700000000123',
      '{"with space", x="é"} -Infinity',
      'b Infinity',
      'h_bucket{le="1.0"} 3',
      'h_bucket{le="1000.0"} 4',
      'c NaN',
    ]);
    expect(sink.metadataLines).toEqual(['a help says \\ and \n', 'a type counter', 'h type histogram']);
    expect(sink.ended).toBe(1);
  });

  it('says where a body is wrong, and what', () => {
    expect(refusal('text', 'a 1\nb{x=1} 2\n')).toBe('2:5 expected label value, got "1" while parsing: "b{x=1"');
    expect(refusal('text', 'a 1\n\n  !\n')).toBe('3:3 expected a valid start token, got "!" while parsing: "  !"');
    expect(refusal('text', 'a 1x\n')).toBe(
      '1:3 strconv.ParseFloat: parsing "1x": invalid syntax while parsing: "a 1x"',
    );
    expect(refusal('text', 'a 1 99999999999999999999\n')).toContain('value out of range');
    expect(refusal('text', '# TYPE a gauges\n')).toBe('1:10 invalid metric type "gauges"');
    expect(refusal('text', 'a{x="\n')).toContain('expected label value');
    expect(refusal('text', '{"a","b"} 1\n')).toContain('metric name already set');
    expect(refusal('text', '{"\\\n"} 1\n')).toContain('expected label name');
  });

  it('treats NUL bytes as the reference does', () => {
    expect(lines(parsed('text', 'a 1\n\0 anything goes { here\n'))).toEqual(['a 1']);
    expect(lines(parsed('text', 'a{x="1\x002"} 1\n'))[0]).toContain('1\\x002');
    expect(refusal('text', 'a 1\0\n')).toContain('expected timestamp or new record');
  });
});

it('labels without a value are left out, and named', () => {
  const seen: unknown[] = [];
  const sink = new CollectingSink();
  sink.series = (labels, duplicate, empty) => seen.push([labels.toSelector(), duplicate, empty]);
  parseExposition('text', Buffer.from('a{x="",b="1",b="2",x="3"} 1\na 1\n'), sink);
  expect(seen).toEqual([
    ['a{b="2"}', 'b', ['x']],
    ['a', undefined, undefined],
  ]);
});

describe('OpenMetrics', () => {
  const body = [
    '# TYPE a counter',
    '# UNIT a_seconds seconds',
    '# HELP a a \\"quoted\\" text',
    'a_total{x="1"} 5 1.5 # {trace_id="t\\"1",a="b"} 0.5 1.25',
    'a_created{x="1"} 1000.5',
    'a_total{x="2"} 6 # {} 2',
    '# TYPE s stateset',
    's{s="on"} 1',
    '# TYPE h histogram',
    'h_bucket{le="+Inf"} 2',
    'h_count 2',
    'h_created 12',
    '# TYPE other_created gauge',
    'other_created 3',
    '# EOF',
  ].join('\n');

  it('gives exemplars, units and `_created` series', () => {
    const sink = parsed('openmetrics', body);
    expect(lines(sink)).toEqual([
      'a_total{x="1"} 5 @1500 # {a="b", trace_id="t\\"1"} 0.5 1250',
      'a_created{x="1"} 1000.5',
      'a_total{x="2"} 6 # {} 2',
      's{s="on"} 1',
      'h_bucket{le="+Inf"} 2',
      'h_count 2',
      'h_created 12',
      'other_created 3',
    ]);
    expect(sink.metadataLines).toContain('a_seconds unit seconds');
    expect(sink.metadataLines).toContain('a help a "quoted" text');
  });

  it('takes `_created` as start timestamps when asked to', () => {
    expect(lines(parsed('openmetrics', body, true))).toEqual([
      'a_total{x="1"} 5 @1500 since 1000500 # {a="b", trace_id="t\\"1"} 0.5 1250',
      'a_total{x="2"} 6 # {} 2',
      's{s="on"} 1',
      'h_bucket{le="+Inf"} 2 since 12000',
      'h_count 2 since 12000',
      'other_created 3',
    ]);
  });

  it.each(['text', 'openmetrics'] as const)(
    'gives no series of a %s line that is wrong behind its labels',
    (format) => {
      const sink = new CollectingSink();
      const end = format === 'text' ? ' x\n' : ' # {a="b"} x\n# EOF\n';
      expect(() => parseExposition(format, Buffer.from(`a 1\nb{c="d"} 2${end}`), sink, {})).toThrow(ExpositionError);
      expect(lines(sink)).toEqual(['a 1']);
      expect(sink.seriesCalls).toBe(1);
    },
  );

  it('names bytes that are no UTF-8 as Go does', () => {
    expect(() => parsed('text', Buffer.from('a 1\xa0é\v\n', 'latin1'))).toThrow(
      'parsing "1\\xa0\\xe9\\v": invalid syntax while parsing: "a 1\\xa0\\xe9\\v"',
    );
  });

  it('finds start timestamps of series that the cache knows', () => {
    const options = { cache: new ExpositionCache(), startTimestamps: new StartTimestamps() };
    for (const started of [1000, 2000]) {
      const sink = new CollectingSink();
      const lines = `a_total 1\na_created ${started}\na_total{x="1"} 1\n`;
      const unknown = '# TYPE u unknown\nu_total 1\nu_created 5\n';
      parseExposition('openmetrics', Buffer.from(`# TYPE a counter\n${lines}${unknown}# EOF\n`), sink, options);
      expect(sink.collected.map(({ startMs }) => startMs)).toEqual([started * 1000, undefined, undefined, undefined]);
    }
  });

  it('says where a body is wrong', () => {
    expect(refusal('openmetrics', 'a 1\n')).toBe('2:1 data does not end with # EOF');
    expect(refusal('openmetrics', 'a 1\n# EOF\n\n')).toBe('3:1 unexpected data after # EOF');
    expect(refusal('openmetrics', 'a  1\n# EOF')).toBe('1:3 expected value after metric, got " " while parsing: "a  "');
    expect(refusal('openmetrics', '# UNIT a_bytes seconds\n# EOF')).toContain('unit "seconds" not a suffix');
    expect(refusal('openmetrics', 'a 1 NaN\n# EOF')).toBe('1:5 invalid timestamp NaN');
    expect(refusal('openmetrics', '')).toBe('accepted');
  });
});

describe('the cache', () => {
  it('asks for each series once, in whatever order the lines come', () => {
    const names = fc.uniqueArray(
      fc.constantFrom('a', 'ab', 'a{x="1"}', 'a{x="2"}', 'b', '{"c d"}', 'a:b', 'b{y=""}', ' e'),
      {
        minLength: 1,
      },
    );
    const sample = fc.tuple(names, fc.boolean());
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 12 }), (rounds) => {
        const cache = new ExpositionCache();
        const cached = new CollectingSink();
        for (const [heads, spaced] of rounds) {
          const body = heads.map((head, i) => `# TYPE m${i} gauge\n${head} ${i}${spaced ? ' 17' : ''}\n`).join('');
          cached.clear();
          parseExposition('text', Buffer.from(body), cached, { cache });
          expect(lines(cached)).toEqual(lines(parsed('text', body)));
          expect(cached.seriesCalls).toBeLessThanOrEqual(heads.length);
        }
      }),
    );
  });

  it('is not fooled by heads that begin alike', () => {
    const cache = new ExpositionCache();
    const sink = new CollectingSink();
    for (const body of ['a 1\n', 'a{x="1"} 2\n', 'a {x="1"} 3\n', 'ab 4\n', 'a 5\n']) {
      parseExposition('text', Buffer.from(body), sink, { cache });
    }
    expect(lines(sink)).toEqual(['a 1', 'a{x="1"} 2', 'a{x="1"} 3', 'ab 4', 'a 5']);
  });

  it('forgets heads that stay away, and says so', () => {
    const cache = new ExpositionCache();
    const sink = new CollectingSink();
    const parse = (body: string): void => parseExposition('text', Buffer.from(body), sink, { cache });
    parse('# TYPE a gauge\na 1\nb 1\nc 1\n');
    for (let i = 0; i < 3; i++) parse('a 1\nc 2\n');
    expect(sink.forgotten).toEqual([]);
    parse('a 1\nc 2\n');
    expect(sink.forgotten).toEqual([1]);
    expect(cache.size).toBe(2);
    sink.clear();
    parse('c 3\nb 4\na 5\n');
    expect(sink.seriesCalls).toBe(1);
    expect(lines(sink)).toEqual(['c 3', 'b 4', 'a 5']);
  });

  it('stays usable after a bad body', () => {
    const cache = new ExpositionCache();
    const sink = new CollectingSink();
    const parse = (body: string): void => parseExposition('text', Buffer.from(body), sink, { cache });
    parse('a 1\nb 2\n');
    expect(() => parse('a 1\nc 2\n!')).toThrow(ExpositionError);
    sink.clear();
    parse('a 3\nc 4\nb 5\n');
    expect(lines(sink)).toEqual(['a 3', 'c 4', 'b 5']);
    expect(sink.seriesCalls).toBe(0);
  });
});

describe('arbitrary input', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b_total',
      '{',
      '}',
      '"',
      '\\',
      ',',
      '=',
      ' ',
      '\t',
      '\n',
      '#',
      '# TYPE ',
      '# HELP ',
      '# UNIT ',
      '# EOF',
      '\0',
      '1',
      '-',
      '.5',
    ],
    ...['1e9', 'NaN', '+Inf', ' # {', 'le="1"', 'x="y"', '"q"', 'counter', 'histogram', '\r', 'é', '1700000000000'],
  );
  const soup = fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')));
  const any = fc.oneof(soup, fc.uint8Array({ maxLength: 200 }));

  it('is parsed or refused with a typed error, the same with and without a cache', () => {
    const cache = new ExpositionCache();
    fc.assert(
      fc.property(any, fc.constantFrom('text' as const, 'openmetrics' as const), (bytes, format) => {
        const outcome = (options: { cache?: ExpositionCache }): string => {
          const sink = new CollectingSink();
          const known = new Map<number, string>();
          try {
            parseExposition(
              format,
              bytes,
              {
                series: (labels) => {
                  const number = options.cache === undefined ? known.size : numbers.push(labels.toString()) - 1;
                  known.set(number, labels.toString());
                  return number;
                },
                sample: (series, value, at) => {
                  sink.metadataLines.push(`${known.get(series) ?? numbers[series]} ${value} ${at}`);
                },
                histogram: () => {},
                exemplar: () => {},
                metadata: () => {},
              },
              options,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(ExpositionError);
            return 'refused';
          }
          return sink.metadataLines.join('\n');
        };
        const numbers: string[] = [];
        const plain = outcome({});
        const own = new ExpositionCache();
        expect(outcome({ cache: own })).toBe(plain);
        expect(outcome({ cache: own })).toBe(plain);
        numbers.length = 0;
        try {
          parseExposition(format, bytes, new CollectingSink(), { cache });
        } catch {
          // Only that a cache which saw everything survives.
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('samples written are the samples read', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((value) => value.isWellFormed() && !value.includes('\0'));
    const escaped = (value: string): string =>
      `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
    fc.assert(
      fc.property(text, text, text, fc.double(), (name, label, value, number) => {
        fc.pre(label !== '__name__' && !/[\n"\\]/.test(name + label));
        const written = formatGoFloat(number);
        const line = `{${escaped(name)},${escaped(label)}=${escaped(value)}} ${written}\n`;
        for (const [format, body] of [
          ['text', line],
          ['openmetrics', `${line}# EOF\n`],
        ] as const) {
          const [sample] = parsed(format, body).collected;
          expect(sample!.value, quote(line)).toBe(number);
          expect(sample!.labels.toRecord()).toEqual({ __name__: name, [label]: value });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('floats', () => {
  it('are read and written as in Go', () => {
    for (const [text, value] of [
      ['1e400', Infinity],
      ['-inf', -Infinity],
      ['+Infinity', Infinity],
      ['nan', Number.NaN],
      ['.5', 0.5],
      ['5.', 5],
      ['0x1p-2', 0.25],
      ['1_0', 10],
      ['1__0', undefined],
      ['1_', undefined],
      ['-1_0.0_5', -10.05],
      ['1_.5', undefined],
      ['0x_1_fp2', 124],
      ['0x1_p2', undefined],
      ['+nan', undefined],
      ['.', undefined],
      ['', undefined],
      ['1e', undefined],
    ] as const) {
      expect(parseGoFloat(text), text).toBe(value);
    }
    const written = [0, -0, 1, 0.1, 123456, 1e6, 1.5e6, 1e-4, 1e-5, 123456789, -2.5, Infinity].map(formatGoFloat);
    expect(written).toEqual([
      '0',
      '-0',
      '1',
      '0.1',
      '123456',
      '1e+06',
      '1.5e+06',
      '0.0001',
      '1e-05',
      '1.23456789e+08',
      '-2.5',
      '+Inf',
    ]);
    expect([0, 1, 1000, 0.5, 1e6].map(formatOpenMetricsFloat)).toEqual(['0.0', '1.0', '1000.0', '0.5', '1e+06']);
  });
});
