import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import type { RangeSeries } from '../../src/promql/result.ts';
import { makeZone } from '../../src/tui/frame/format.ts';
import { ListState } from '../../src/tui/frame/list.ts';
import type { Area } from '../../src/tui/frame/place.ts';
import { toText } from '../../src/tui/frame/row.ts';
import { makeTheme } from '../../src/tui/theme.ts';
import { legendItems } from '../../src/tui/views/metrics/model.ts';
import { legendRows } from '../../src/tui/views/metrics/rows.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

function seriesOf(labels: Record<string, string>, secondsAgo: readonly number[], value: number): RangeSeries {
  return {
    labels: Labels.of({ __name__: 'queue', ...labels }),
    timestamps: Float64Array.from(secondsAgo, (each) => NOW - each * 1000),
    values: Float64Array.from(secondsAgo, () => value),
  };
}

describe('the legend of a chart', () => {
  const area: Area = {
    width: 79,
    height: 10,
    theme: makeTheme('default', 16, false),
    zone: makeZone(true, NOW),
    nowMs: NOW,
    window: { startMs: NOW - 60_000, endMs: NOW, live: true },
    zoomed: false,
  };
  const drawn = (series: readonly RangeSeries[]): string[] => {
    const items = legendItems(series, { hidden: new Set(), sort: undefined, cursor: undefined });
    return legendRows(items, new ListState(), undefined, 'none', false, area).map(toText);
  };

  it('gives the names what room the numbers leave, and cuts no number', () => {
    const names = (value: number): string[] =>
      drawn(
        ['firing', 'pending'].map((state) =>
          seriesOf({ service: 'payment', alertstate: state, shop: state }, [0], value),
        ),
      );
    expect(names(1)[1]).toContain('alertstate="firing"');
    expect(names(1)[2]).toContain('alertstate="pending"');
    expect(names(-1.23e-17)[1]!.match(/-1\.2e-17/g)).toHaveLength(4);
  });

  it('has a value at the cursor where the chart has one there, and none in a gap', () => {
    const series = [seriesOf({}, [50, 49, 48, 10, 9], 3)];
    const at = (secondsAgo: number): number | undefined =>
      legendItems(series, {
        hidden: new Set(),
        sort: undefined,
        cursor: { atMs: NOW - secondsAgo * 1000, gapMs: 2500 },
      })[0]!.last;
    expect([at(55), at(49), at(47), at(30), at(9)]).toEqual([undefined, 3, 3, undefined, 3]);
  });
});
