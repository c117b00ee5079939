import { expect, it } from 'vitest';
import { formatProblem } from '../../src/config/problem.ts';
import { lintExposition } from '../../src/exposition/lint.ts';

function lint(text: string): string[] {
  return lintExposition(Buffer.from(text), 'm.prom').map(formatProblem);
}

it('accepts a good body in silence', () => {
  expect(lint('# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 1\na_total{x="2"} 1\n')).toEqual([]);
  expect(lint('# HELP a A.\n# TYPE a counter\na_total 1\n# EOF\n')).toEqual([]);
});

it('places what a scrape would refuse', () => {
  expect(lint('a 1\nb{ 2\n')).toEqual(['m.prom:2:4: expected label name, got "2" while parsing: "b{ 2"']);
  expect(lint('a 1\nb{x="1",x="2"} 2\n')).toEqual(['m.prom:2:1: label name "x" is not unique: invalid sample']);
  expect(lint('# TYPE a info\na 1\n')).toEqual(['m.prom:1:10: invalid metric type "info"']);
});

it('takes a body for OpenMetrics by how its last line that is not blank begins', () => {
  expect(lint('a 1\n# EOFx')).toEqual(['m.prom:2:6: unexpected data after # EOF']);
  expect(lint('a 1\n# EOF\n\n')).toEqual(['m.prom:3:1: unexpected data after # EOF']);
  expect(lint('# HELP a A.\n# EOF\na 1\n')).toEqual([]);
  expect(lint('')).toEqual([]);
});

it('advises on names', () => {
  const text = `# HELP my_milliseconds x
# TYPE my_milliseconds gauge
my_milliseconds{fooBar="1"} 1
# TYPE x:y counter
x:y 1
# HELP h x
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 1
h_sum 1
h_count 1
# HELP g_count x
# TYPE g_count gauge
g_count{le="1"} 1
g_count{le="1"} 2
`;
  expect(lint(text)).toEqual([
    'm.prom:12:1: warning: g_count metric not unique',
    'm.prom:12:1: warning: g_count non-histogram and non-summary metrics should not have "_count" suffix',
    'm.prom:12:1: warning: g_count non-histogram metrics should not have "le" label',
    'm.prom:12:1: warning: g_count non-histogram metrics should not have "le" label',
    `m.prom:1:1: warning: my_milliseconds label names should be written in 'snake_case' not 'camelCase'`,
    'm.prom:1:1: warning: my_milliseconds use base unit "seconds" instead of "milliseconds"',
    'm.prom:4:1: warning: x:y counter metrics should have "_total" suffix',
    `m.prom:4:1: warning: x:y metric names should not contain ':'`,
    'm.prom:4:1: warning: x:y no help text',
  ]);
});
