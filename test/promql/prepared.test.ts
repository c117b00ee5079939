import { expect, it } from 'vitest';
import { NO_FEATURES } from '../../src/promql/features.ts';
import { PromqlParseError } from '../../src/promql/parse-error.ts';
import { PreparedExpressions } from '../../src/promql/prepared.ts';

it('parses a text once, and one that does not parse each time', () => {
  const prepared = new PreparedExpressions(NO_FEATURES);
  expect(prepared.of('sum(up) / sum(up)')).toBe(prepared.of('sum(up) / sum(up)'));
  expect(prepared.of('sum(up) / sum(up)').repeated.size).toBeGreaterThan(0);
  for (let i = 0; i < 2; i++) expect(() => prepared.of('sum(')).toThrow(PromqlParseError);
  expect(() => prepared.of('mad_over_time(up[5m])')).toThrow(PromqlParseError);
});

it('keeps what is asked again and again, and forgets what was not asked for long', () => {
  const prepared = new PreparedExpressions(NO_FEATURES);
  const long = (name: string): string => `${name}{a="${'x'.repeat(100_000)}"}`;
  const first = prepared.of(long('first'));
  const second = prepared.of(long('second'));
  for (let i = 0; i < 20; i++) {
    prepared.of(long(`m${i}`));
    expect(prepared.of(long('first'))).toBe(first);
  }
  expect(prepared.of(long('second'))).not.toBe(second);
});
