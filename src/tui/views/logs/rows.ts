/** Log lines as rows: the volume by level, the lines, one whole record. */
import type { LogLevel, LogRecord } from '../../../logs/record.ts';
import { stackedRows } from '../../charts/bars.ts';
import { formatClockMs, formatCount, formatDate, formatSpan } from '../../frame/format.ts';
import type { ListState } from '../../frame/list.ts';
import { fieldRows, markMatches, titleRow, toneOf } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, type Row, row, select, sized, toned } from '../../frame/row.ts';
import { clean, cleanLines, shorten, widthOf, wrap } from '../../sanitise.ts';
import { SERIES_TONES, type Tone } from '../../theme.ts';
import { flatFields, LAYERS, tellingFields, volumeOf } from './model.ts';

function levelTone(level: LogLevel): Tone {
  switch (level) {
    case 'fatal':
    case 'error':
      return 'critical';
    case 'warn':
      return 'warning';
    case 'info':
      return 'info';
    default:
      return 'muted';
  }
}

const LAYER_TONES: readonly Tone[] = ['critical', 'warning', 'info', 'series7'];
const HISTOGRAM_ROWS = 3;

/** The histogram over the window with its legend; nothing on a low screen. */
export function volumeRows(records: readonly LogRecord[], area: Area): Row[] {
  const { width, theme, window } = area;
  const legendWidth = 16;
  const columns = width - legendWidth - 2;
  const { stacks, totals, bucketMs } = volumeOf(records, window.startMs, window.endMs, columns);
  const rows = stackedRows(stacks, LAYER_TONES, HISTOGRAM_ROWS, theme);
  const line = (i: number): Row =>
    totals[i] === undefined
      ? BLANK
      : row(
          toned(LAYER_TONES[i]!, theme.glyphs.bar),
          toned('muted', ` ${LAYERS[i]!.padEnd(6)}`),
          sized(row(formatCount(totals[i]!)), legendWidth - 8, 'right'),
        );
  const axis = row(
    toned('line', theme.glyphs.horizontal.repeat(columns)),
    '  ',
    toned('muted', `${theme.glyphs.bar} = ${formatSpan(bucketMs)}`.slice(0, legendWidth)),
  );
  return [
    ...rows.map((each, y) => row(sized(each, columns), '  ', y === 0 ? line(0) : y === 1 ? line(1) : line(2))),
    axis,
  ];
}

/** The visible lines; time, level, service, message, and a mark where there is a trace. */
export function logLines(
  records: readonly LogRecord[],
  list: ListState,
  words: readonly string[],
  fields: boolean,
  area: Area,
): Row[] {
  const { from, to } = list.window(records.length, area.height);
  const visible = records.slice(from, to);
  const serviceWidth = Math.min(18, Math.max(4, ...visible.map((record) => widthOf(clean(record.service)))));
  return visible.map((record, i) => {
    const line = logLine(record, serviceWidth, words, fields, area);
    return from + i === list.selected ? select(line, area.width) : line;
  });
}

export function logLine(
  record: LogRecord,
  serviceWidth: number,
  words: readonly string[],
  fields: boolean,
  area: Area,
): Row {
  const { zone, theme, width } = area;
  const tone = levelTone(record.level);
  const clock = formatClockMs(record.timestampMs, zone);
  const traced = record.traceId === undefined ? ' ' : theme.glyphs.arrow;
  return sized(
    row(
      toned('muted', width < 90 ? clock.slice(0, 8) : clock),
      ' ',
      toned(tone, levelText(record.level)),
      ' ',
      toned(toneOf(record.service, SERIES_TONES), shorten(clean(record.service), serviceWidth).padEnd(serviceWidth)),
      ' ',
      toned('accent', traced),
      ' ',
      markMatches(record.message, words, tone === 'muted' ? 'muted' : 'plain'),
      ...(fields ? tellingFields(record) : [])
        .slice(0, MOST_FIELDS)
        .map(([name, value]) => toned('muted', `  ${name}=${shorten(clean(value), LONGEST_VALUE)}`)),
    ),
    width,
    'left',
    theme.glyphs.ellipsis,
  );
}

const MOST_FIELDS = 8;
const LONGEST_VALUE = 48;

/** Four columns; worse levels in capitals, so that they stand out without colour. */
function levelText(level: LogLevel): string {
  return { fatal: 'FATL', error: 'ERR ', warn: 'WARN', info: 'info', debug: 'dbug', trace: 'trce', unknown: '    ' }[
    level
  ];
}

/** The whole record: message, where it is from, every field, the text as it came. */
export function recordRows(record: LogRecord, area: Area): Row[] {
  const { width, theme, zone } = area;
  const tone = levelTone(record.level);
  const chip: Tone = tone === 'critical' ? 'chip-critical' : tone === 'warning' ? 'chip-warning' : 'chip-muted';
  return [
    row(
      toned(chip, ` ${record.level.toUpperCase()} `),
      '  ',
      toned('strong', record.service || 'no service'),
      toned('muted', `  ${formatDate(record.timestampMs, zone)} `),
      formatClockMs(record.timestampMs, zone),
      toned('muted', ` ${zone.name}${record.timestampGuessed ? ' (time of reading: the record has none)' : ''}`),
    ),
    BLANK,
    ...cleanLines(record.message)
      .flatMap((line) => wrap(line, width))
      .map((line) => row(toned(tone === 'critical' ? 'critical' : 'plain', line))),
    BLANK,
    ...(record.traceId === undefined
      ? []
      : [row(toned('accent', 'trace  '), record.traceId, toned('muted', '   t or Enter opens it')), BLANK]),
    titleRow('Fields', '', width, theme),
    ...fieldRows(flatFields(record.fields), width, theme),
    BLANK,
    titleRow('As it came', row(toned('muted', record.origin)), width, theme),
    ...cleanLines(record.raw)
      .flatMap((line) => wrap(line, width))
      .map((line) => row(toned('muted', line))),
  ];
}
