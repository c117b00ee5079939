/** A trace by service: where its time went, and where its errors began and how far they went up. */
import type { ErrorPath, ServiceSummary } from '../../../traces/analysis.ts';
import { formatMicros, plural } from '../../frame/format.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, type Row, row, sized, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut } from '../../frame/table.ts';
import { clean } from '../../sanitise.ts';
import type { Waterfall } from './model.ts';
import { serviceTone } from './rows.ts';

const BAR_WIDTH = 24;
const MOST_ERRORS = 100;

/** One row a service, the one with the most self time first; then a row for each place where an error began. */
export function serviceRows(tree: Waterfall, area: Area): Row[] {
  const laid = layOut(serviceColumns(tree, area), tree.services, area.width);
  const rows = [
    headRow(laid, area.theme),
    ...tree.services.map((each) => itemRow(laid, each, area.theme)),
    BLANK,
    row(toned('muted', 'Self: in a span and in none of its children. Critical: what the caller was waiting for.')),
  ];
  if (tree.errors.length === 0) return rows;
  rows.push(BLANK, row(toned('strong', 'Where errors began')));
  for (const error of tree.errors.slice(0, MOST_ERRORS)) rows.push(errorRow(error, tree, area));
  const more = tree.errors.length - MOST_ERRORS;
  if (more > 0) rows.push(row(toned('muted', `and ${more} more`)));
  return rows;
}

function serviceColumns({ durationUs, services }: Waterfall, { theme }: Area): Column<ServiceSummary>[] {
  const { glyphs } = theme;
  const allSelfUs = services.reduce((sum, { selfUs }) => sum + selfUs, 0);
  return [
    {
      id: 'service',
      title: 'Service',
      min: 10,
      max: 30,
      priority: 1,
      cell: ({ service }) => toned(serviceTone(service), clean(service)),
    },
    { id: 'spans', title: 'Spans', min: 5, max: 7, align: 'right', priority: 2, cell: ({ spans }) => String(spans) },
    {
      id: 'errors',
      title: 'Errors',
      min: 6,
      max: 8,
      align: 'right',
      priority: 1,
      cell: ({ errors }) =>
        errors === 0 ? toned('muted', '0') : toned('critical', `${glyphs.failing} ${String(errors)}`),
    },
    {
      id: 'self',
      title: 'Self',
      min: 8,
      max: 10,
      align: 'right',
      priority: 1,
      cell: ({ selfUs }) => toned('strong', formatMicros(selfUs)),
    },
    {
      id: 'share',
      title: '',
      min: 5,
      max: 5,
      align: 'right',
      priority: 3,
      cell: ({ selfUs }) => toned('muted', percent(selfUs, allSelfUs)),
    },
    {
      id: 'bar',
      title: '',
      min: 8,
      max: BAR_WIDTH,
      priority: 6,
      cell: ({ service, selfUs }, width) => {
        const cells = allSelfUs === 0 ? 0 : Math.round((selfUs / allSelfUs) * Math.min(width, BAR_WIDTH));
        return toned(serviceTone(service), glyphs.bar.repeat(cells));
      },
    },
    {
      id: 'critical',
      title: 'Critical',
      min: 8,
      max: 10,
      align: 'right',
      priority: 4,
      cell: ({ criticalUs }) => formatMicros(criticalUs),
    },
    {
      id: 'critical-share',
      title: 'of all',
      min: 6,
      max: 6,
      align: 'right',
      priority: 5,
      cell: ({ criticalUs }) => toned('muted', percent(criticalUs, durationUs)),
    },
    {
      id: 'total',
      title: 'Total',
      min: 8,
      max: 10,
      align: 'right',
      priority: 5,
      cell: ({ totalUs }) => toned('muted', formatMicros(totalUs)),
    },
  ];
}

function errorRow({ origin, passedOn, reachesRoot }: ErrorPath, tree: Waterfall, { theme, width }: Area): Row {
  const { span } = origin;
  const reach = reachesRoot
    ? toned('critical', 'up to the root')
    : toned('ok', passedOn === 0 ? 'not passed on' : `up ${plural(passedOn, 'span')}`);
  const text = row(
    toned('critical', `${theme.glyphs.failing} `),
    toned('muted', `+${formatMicros(origin.startUs - tree.startUs)} `),
    toned(serviceTone(span.service), clean(span.service)),
    ` ${clean(span.name)} `,
    reach,
    toned('muted', span.statusMessage === '' ? '' : ` ${clean(span.statusMessage)}`),
  );
  return sized(text, width, 'left', theme.glyphs.ellipsis);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0%' : `${Math.round((part / whole) * 100)}%`;
}
