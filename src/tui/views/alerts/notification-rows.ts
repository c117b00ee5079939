/** Notifications as rows: of one alert, and the columns of the whole history. */
import { gatherTries } from '../../../alerting/history.ts';
import type { NotificationRecord } from '../../../alerting/model.ts';
import { formatAgo, formatMoment } from '../../frame/format.ts';
import type { Area } from '../../frame/place.ts';
import { type Row, row, toned } from '../../frame/row.ts';
import { type Column, itemRow, layOut } from '../../frame/table.ts';
import { clean, widthOf, wrap } from '../../sanitise.ts';
import type { Theme, Tone } from '../../theme.ts';
import { type AlertItem, channelOf, reasonText } from './model.ts';

/**
 * Who was told of one alert: newest first, a row each (one for tries that failed alike), and below it the reason where the row
 * has no room for it.
 */
export function notificationRows(
  item: Pick<AlertItem, 'told' | 'inhibitors'>,
  width: number,
  area: Pick<Area, 'nowMs' | 'zone' | 'theme'>,
): Row[] {
  const laid = layOut(notificationColumns(false, area), item.told, width);
  const reasonWidth = laid.find(({ column }) => column.id === 'reason')?.width ?? 0;
  return gatherTries(item.told).flatMap(({ record, count, sinceMs }) => {
    const often = count === 1 ? '' : ` (${count} times since ${formatMoment(sinceMs, area.nowMs, area.zone)})`;
    const reason = clean(reasonText(record.reason, item.inhibitors)) + often;
    const next = nextTryText(record, area.nowMs);
    if (widthOf(reason) + widthOf(next) <= reasonWidth) return [itemRow(laid, { ...record, reason }, area.theme)];
    const line = itemRow(laid, { ...record, reason: '' }, area.theme);
    const { tone } = outcomeLook(record.outcome, area.theme);
    return [line, ...wrap(reason, width - 10).map((part) => row(' '.repeat(10), toned(tone, part)))];
  });
}

export function notificationColumns(
  withGroup: boolean,
  { nowMs, zone, theme }: Pick<Area, 'nowMs' | 'zone' | 'theme'>,
): Column<NotificationRecord>[] {
  const about: Column<NotificationRecord> = {
    id: 'about',
    title: 'About',
    min: 16,
    max: 44,
    priority: 2,
    cell: (record) => [...record.groupLabels].map(([, value]) => value).join(' '),
  };
  return [
    {
      id: 'at',
      title: 'At',
      min: 8,
      max: 14,
      priority: 1,
      cell: (record) => toned('muted', formatMoment(record.atMs, nowMs, zone)),
    },
    {
      id: 'outcome',
      title: 'Outcome',
      min: 13,
      max: 15,
      priority: 1,
      cell: (record) => {
        const { glyph, tone } = outcomeLook(record.outcome, theme);
        return toned(tone, `${glyph} ${record.outcome}`);
      },
    },
    {
      id: 'status',
      title: 'Status',
      min: 8,
      max: 8,
      priority: 4,
      cell: (record) => toned(record.status === 'firing' ? 'plain' : 'ok', record.status),
    },
    ...(withGroup ? [about] : []),
    {
      id: 'channel',
      title: 'Channel',
      min: 9,
      max: 12,
      priority: 1,
      cell: (record) => toned('strong', channelOf(record)),
    },
    {
      id: 'receiver',
      title: 'Receiver',
      min: withGroup ? 8 : 15,
      max: 20,
      priority: 6,
      cell: (record) => record.receiver,
    },
    {
      id: 'reason',
      title: 'Why',
      min: 24,
      max: 90,
      grow: 1,
      priority: 2,
      cell: (record) =>
        row(
          toned(
            record.outcome === 'sent' || record.outcome === 'suppressed'
              ? 'muted'
              : outcomeLook(record.outcome, theme).tone,
            withShortIds(reasonText(record.reason)),
          ),
          toned('muted', nextTryText(record, nowMs)),
        ),
    },
  ];
}

/** Silences by the beginnings of their ids, as everywhere else in lists; a record that is opened has them whole. */
function withShortIds(text: string): string {
  return text.replace(/\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '$1');
}

/** Of one that is still to come. */
function nextTryText({ nextTryMs, reason }: NotificationRecord, nowMs: number): string {
  if (nextTryMs === undefined || nextTryMs <= nowMs) return '';
  return `${reason === '' ? '' : ', '}next try ${formatAgo(nextTryMs, nowMs)}`;
}

function outcomeLook(
  outcome: NotificationRecord['outcome'],
  { glyphs }: Theme,
): { readonly glyph: string; readonly tone: Tone } {
  switch (outcome) {
    case 'sent':
      return { glyph: glyphs.ok, tone: 'ok' };
    case 'failed':
      return { glyph: glyphs.failing, tone: 'critical' };
    case 'retrying':
      return { glyph: glyphs.slow, tone: 'warning' };
    case 'not-delivered':
      return { glyph: glyphs.off, tone: 'warning' };
    case 'suppressed':
      return { glyph: glyphs.silenced, tone: 'muted' };
  }
}
