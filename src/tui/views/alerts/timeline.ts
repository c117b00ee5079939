/** When each alert of the list was pending and firing in the time window, as a column of strips. */
import type { RangeSeries } from '../../../promql/result.ts';
import { stepOf } from '../../charts/scale.ts';
import { spanTitle, stripLevels, stripRow } from '../../charts/strip.ts';
import type { Area } from '../../frame/place.ts';
import type { Column } from '../../frame/table.ts';
import { isOf } from './fetch.ts';
import type { AlertItem } from './model.ts';

const PENDING = 1;
const FIRING = 2;

/** `states`: the `ALERTS` series over the window. A rule without an alert now shows those that it had. */
export function timelineColumn(states: readonly RangeSeries[], { theme, window }: Area): Column<AlertItem> {
  const byName = Map.groupBy(states, ({ labels }) => labels.get('alertname'));
  const [quiet, slight, severe] = [...theme.glyphs.strip];
  const looks = [
    { glyph: quiet!, tone: 'line' },
    { glyph: slight!, tone: 'warning' },
    { glyph: severe!, tone: 'critical' },
  ] as const;
  return {
    id: 'timeline',
    title: spanTitle(window),
    min: 12,
    max: 60,
    grow: 1,
    priority: 6,
    cell: (item, width) => {
      const own = (byName.get(item.name) ?? []).filter(({ labels }) => isOf(labels, item.labels));
      const levels = stripLevels(
        own,
        ({ labels }) => (labels.get('alertstate') === 'firing' ? FIRING : PENDING),
        { ...window, stepMs: stepOf(window) },
        width,
      );
      return stripRow(levels, looks);
    },
  };
}
