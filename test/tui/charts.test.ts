import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { sparkRow, stackedRows } from '../../src/tui/charts/bars.ts';
import { chartLines } from '../../src/tui/charts/chart-lines.ts';
import { lineChart } from '../../src/tui/charts/line-chart.ts';
import { timeTicks, valueRange, valueTicks } from '../../src/tui/charts/scale.ts';
import { rowWidth, toText } from '../../src/tui/frame/row.ts';
import { makeTheme } from '../../src/tui/theme.ts';

const theme = makeTheme('default', 16, false);
const zone = { utc: true, name: 'UTC' };
const START = Date.UTC(2026, 0, 5, 10, 0, 0);

function chart(
  values: readonly number[],
  more: { ascii?: boolean; threshold?: number; width?: number; height?: number } = {},
) {
  const timestamps = values.map((_, i) => START + i * 1000);
  return lineChart([{ timestamps, values, tone: 'series0' }], {
    width: more.width ?? 60,
    height: more.height ?? 10,
    startMs: START,
    endMs: START + Math.max(1, values.length - 1) * 1000,
    gapMs: 2500,
    unit: 'none',
    theme: more.ascii ? makeTheme('default', 16, true) : theme,
    zone,
    threshold: more.threshold,
  });
}

describe('scales', () => {
  it('holds zero where it is near, and gives a range to a constant', () => {
    expect(valueRange([[2, 8]]).low).toBe(0);
    expect(valueRange([[1000, 1010]]).low).toBeGreaterThan(990);
    expect(valueRange([[5, 5]])).toEqual({ low: 4.5, high: 5.5 });
    expect(valueRange([[Number.NaN, Number.POSITIVE_INFINITY]])).toEqual({ low: 0, high: 1 });
  });

  it('has ticks at round numbers of the unit', () => {
    expect(valueTicks({ low: 0, high: 10 }, 'none', 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(valueTicks({ low: 0, high: 3 * 2 ** 20 }, 'bytes', 3)).toEqual([0, 2 ** 20, 2 * 2 ** 20, 3 * 2 ** 20]);
    expect(valueTicks({ low: 0, high: 3600 }, 'seconds', 4)).toEqual([0, 900, 1800, 2700, 3600]);
    // One tick alone would tell no scale.
    expect(valueTicks({ low: 0, high: 4.8 }, 'per-second', 2)).toEqual([0, 2, 4]);
    expect(valueTicks({ low: 41, high: 49 }, 'none', 2)).toEqual([42, 44, 46, 48]);
  });

  it('has a bounded number of ticks for any range', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        const range = valueRange([[a, b]]);
        expect(valueTicks(range, 'none', 5).length).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('puts time ticks on round moments of the zone', () => {
    expect(timeTicks(START + 1000, START + 600_000, 3, 0).map((ms) => (ms - START) / 60_000)).toEqual([5, 10]);
    const quarter = timeTicks(START, START + 86_400_000, 4, 45 * 60_000);
    expect(quarter.every((ms) => (ms + 45 * 60_000) % 3_600_000 === 0)).toBe(true);
  });
});

describe('lineChart', () => {
  it('fills its place exactly', () => {
    const rows = chart([1, 2, 3, 2, 1]);
    expect(rows).toHaveLength(10);
    for (const each of rows) expect(rowWidth(each)).toBeLessThanOrEqual(60);
  });

  it('draws any number without hanging', () => {
    const values = [1e308, -1e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 5e-324, 0];
    for (const each of chart(values)) expect(rowWidth(each)).toBeLessThanOrEqual(60);
  });

  it('fills its place for any values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double(), { maxLength: 30 }),
        fc.integer({ min: 12, max: 90 }),
        fc.integer({ min: 3, max: 20 }),
        (values, width, height) => {
          const rows = chart(values, { width, height });
          expect(rows.length).toBeLessThanOrEqual(height);
          for (const each of rows) expect(rowWidth(each)).toBeLessThanOrEqual(Math.max(width, 24));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves a gap where a value is NaN', () => {
    const flat = toText(chart([1, 1, 1, 1, 1, 1, 1, 1, 1])[4]!) + toText(chart([1, 1, 1, 1, 1, 1, 1, 1, 1])[3]!);
    const broken = chart([1, 1, 1, Number.NaN, Number.NaN, Number.NaN, 1, 1, 1]).map(toText).join('');
    const dots = (text: string): number => [...text].filter((each) => each >= '\u2801' && each <= '\u28ff').length;
    expect(dots(broken)).toBeLessThan(dots(chart([1, 1, 1, 1, 1, 1, 1, 1, 1]).map(toText).join('')));
    expect(flat).not.toBe('');
  });

  it('shows the threshold behind the line', () => {
    expect(chart([0, 1, 0, 1], { threshold: 5 }).some((each) => toText(each).includes('╌╌╌'))).toBe(true);
  });

  it('is plain ASCII where that is asked for', () => {
    for (const each of chart([1, 5, 2, 8, 3], { ascii: true, threshold: 4 }))
      expect(toText(each)).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('bars', () => {
  it('shows each column at its largest value', () => {
    expect(toText(sparkRow([0, 0, 8, 0, Number.NaN, 4], 6, 'ok', theme))).toBe('▁▁█▁ ▅');
    expect(toText(sparkRow([1, 1, 9, 1], 2, 'ok', theme))).toBe('▂█');
    expect(toText(sparkRow([5], 4, 'ok', theme))).toBe('   █');
  });

  it('stacks layers, and shows even one error among thousands', () => {
    const rows = stackedRows(
      [{ counts: [1, 0, 4000] }, { counts: [0, 0, 2000] }, { counts: [0, 0, 0] }],
      ['critical', 'warning', 'info'],
      2,
      theme,
    );
    const lowest = rows[1]!;
    expect(lowest[0]).toMatchObject({ tone: 'critical', text: '▁', behind: 'info' });
    expect(lowest[1]).toMatchObject({ tone: 'info', text: '█' });
    expect(lowest[2]!.text).toBe(' ');
    expect(rows[0]![1]!.text).toBe(' ');
  });
});

describe('chartLines', () => {
  it('prints a matrix with a legend, and nothing for other results', () => {
    const series = {
      labels: Labels.of({ __name__: 'up', job: 'a' }),
      timestamps: Float64Array.of(START, START + 1000),
      values: Float64Array.of(0, 1),
    };
    const lines = chartLines(
      { value: { type: 'matrix', series: [series] }, warnings: [], infos: [], samplesRead: 2 },
      { width: 60, height: 8, colours: 0 },
    );
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toContain('up{job="a"}');
    expect(
      chartLines(
        { value: { type: 'scalar', timestampMs: 0, value: 1 }, warnings: [], infos: [], samplesRead: 0 },
        { width: 60, height: 8 },
      ),
    ).toEqual([]);
  });
});
