import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  alertmanagerFunctions,
  prometheusFunctions,
  StringMap,
  TemplateError,
  TemplateSet,
} from '../../src/template/template.ts';

const functions = {
  ...alertmanagerFunctions(),
  ...prometheusFunctions({ query: () => [], externalUrl: 'http://x', nowMs: 0 }),
};
const limits = { steps: 20_000, output: 100_000, depth: 20 };
const words = [
  ...[
    '{{',
    '}}',
    '{{-',
    '-}}',
    ' ',
    '\n',
    '(',
    ')',
    '|',
    '.',
    '$',
    '$x',
    ':=',
    '=',
    ',',
    '"a"',
    '`b`',
    "'c'",
    '/*',
    '*/',
  ],
  ...['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue', 'nil', 'true'],
  ...['1', '-1.5', '0x', '1e9', '.Labels', '.x.y', 'é', '<a href="', '">', '<script>', '%d', '\\'],
  ...['printf', 'print', 'index', 'slice', 'len', 'eq', 'lt', 'and', 'call', 'html', 'urlquery'],
  ...['humanize', 'toTime', 'first', 'query', 'reReplaceAll', 'dict', 'list', 'toJson', 'tz', 'date', 'join', 'match'],
];
const text = fc.array(fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...words) }, fc.string({ maxLength: 4 })), {
  maxLength: 40,
});
const data = { Labels: new StringMap([['a', 'b']]), Value: 1.5, List: ['x', 1n, undefined], Nothing: undefined };

it('fails on nonsense with a TemplateError or not at all, as text and as HTML', () => {
  fc.assert(
    fc.property(text, (parts) => {
      for (const joint of ['', ' ']) {
        const template = parts.join(joint);
        for (const method of ['executeText', 'executeHtml'] as const) {
          try {
            expect(typeof new TemplateSet({ functions, limits })[method](template, data)).toBe('string');
          } catch (error) {
            if (!(error instanceof TemplateError)) throw error;
          }
        }
      }
    }),
    { numRuns: 1500 },
  );
});

it('leaves text without actions as it is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((each) => !each.includes('{{')),
      (each) => {
        expect(new TemplateSet().executeText(each, undefined)).toBe(each);
      },
    ),
  );
});
