import { describe, expect, it } from 'vitest';
import { stripLevels, stripRow } from '../../src/tui/charts/strip.ts';
import { toText } from '../../src/tui/frame/row.ts';

const window = { startMs: 0, endMs: 100_000, stepMs: 5000 };
const looks = [
  { glyph: '-', tone: 'line' },
  { glyph: '=', tone: 'warning' },
  { glyph: '#', tone: 'critical' },
] as const;

function drawn(points: readonly (readonly [number, number])[], width: number): string {
  const series = { timestamps: points.map(([at]) => at), values: points.map(([, value]) => value) };
  return toText(
    stripRow(
      stripLevels([series], (_, value) => value, window, width),
      looks,
    ),
  );
}

describe('a strip', () => {
  it('shows the highest level of each piece of the window', () => {
    const points = Array.from({ length: 20 }, (_, i) => [(i + 1) * 5000, i < 10 ? 1 : 2] as const);
    expect(drawn(points, 10)).toBe('=====#####');
    expect(drawn(points, 2)).toBe('=#');
  });

  it('lets a point stand for the step that it ends, and nothing for what has no point', () => {
    expect(drawn([[50_000, 1]], 10)).toBe('----=-----');
    expect(drawn([[50_000, 1]], 40)).toBe(`${'-'.repeat(18)}==${'-'.repeat(20)}`);
    expect(drawn([[50_000, Number.NaN]], 10)).toBe('----------');
    expect(drawn([], 4)).toBe('----');
  });

  it('keeps to the window', () => {
    expect(
      drawn(
        [
          [-9000, 2],
          [100_000, 1],
          [109_000, 2],
        ],
        10,
      ),
    ).toBe('---------=');
  });
});
