/** The place of what is stored: memory against its budget, and which metrics and labels have the most series. */
import type { StorageStatus } from '../../../monitor/sources.ts';
import { formatBytes, formatCount, formatSpan, plural } from '../../frame/format.ts';
import { barRow, fieldRows, titleRow, unloadedRows } from '../../frame/pane.ts';
import { type Area, Place } from '../../frame/place.ts';
import { BLANK, beside, type Part, type Row, row, sized, toned } from '../../frame/row.ts';
import { Scroll } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { widthOf } from '../../sanitise.ts';
import type { Theme, Tone } from '../../theme.ts';

const TWO_COLUMNS = 100;
const GAP = 3;
const ADVICE = 'It is tried again every 2 s; the header shows the state of the source.';

type Ranking = StorageStatus['seriesByMetric'];

export class StoragePlace extends Place {
  readonly view = 'targets';
  override filters = false;
  #status: StorageStatus | undefined;
  #scroll = new Scroll();

  crumb(): string {
    return 'cardinality';
  }

  scopes(): readonly Scope[] {
    return ['page'];
  }

  async fetch(): Promise<void> {
    this.#status = await this.desk.monitor.metrics.storageStatus();
  }

  override status(): Row {
    return row(toned('muted', this.#status === undefined ? '' : plural(this.#status.series, 'series', 'series')));
  }

  rows(area: Area): Row[] {
    const unloaded = unloadedRows(this, { what: 'what is stored', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    return this.#scroll.visible(storageRows(this.#status!, area), area.height, area.theme);
  }

  override act(action: string): boolean {
    return this.#scroll.act(action);
  }
}

/** Totals first, then what has the most series, most values and most bytes. */
export function storageRows(status: StorageStatus, { width, theme }: Pick<Area, 'width' | 'theme'>): Row[] {
  const totals: [string, Part][] = [
    ['series', `${formatCount(status.series)} in ${plural(status.chunks, 'chunk')}`],
    ['samples', formatCount(status.samples)],
    ['label pairs', formatCount(status.labelPairs)],
    ['reach', status.samples === 0 ? 'nothing yet' : formatSpan(status.maxTimeMs - status.minTimeMs)],
    ['memory', memoryPart(status, theme)],
    ['dropped', droppedPart(status.droppedSamples)],
  ];
  const rankings: readonly (readonly [string, Ranking, (value: number) => string])[] = [
    ['Series by metric', status.seriesByMetric, formatCount],
    ['Values by label', status.valuesByLabel, formatCount],
    ['Series by label pair', status.seriesByPair, formatCount],
    ['Bytes by label', status.bytesByLabel, formatBytes],
  ];
  const rows = [...fieldRows(totals, width, theme), BLANK];
  if (width < TWO_COLUMNS)
    return [...rows, ...rankings.flatMap((each) => [...rankingRows(...each, width, theme), BLANK])];
  const half = Math.floor((width - GAP) / 2);
  for (let i = 0; i < rankings.length; i += 2) {
    const left = rankingRows(...rankings[i]!, half, theme);
    const right = rankingRows(...rankings[i + 1]!, half, theme);
    const height = Math.max(left.length, right.length);
    rows.push(...beside(left, half, right, half, height, row(' '.repeat(GAP))), BLANK);
  }
  return rows;
}

function memoryPart({ bytes, budgetBytes }: StorageStatus, theme: Theme): Part {
  if (bytes === undefined) return 'not known';
  if (budgetBytes === undefined) return formatBytes(bytes);
  const share = bytes / budgetBytes;
  const tone: Tone = share > 0.95 ? 'critical' : share > 0.8 ? 'warning' : 'ok';
  return row(barRow(share, 20, tone, theme), ` ${formatBytes(bytes)} of ${formatBytes(budgetBytes)}`);
}

function droppedPart(samples: number | undefined): Part {
  if (samples === undefined) return 'not known';
  return samples === 0 ? 'none' : row(toned('critical', plural(samples, 'sample')));
}

function rankingRows(
  title: string,
  ranking: Ranking,
  format: (value: number) => string,
  width: number,
  theme: Theme,
): Row[] {
  const most = Math.max(1, ...ranking.map(({ value }) => value));
  const figures = Math.max(0, ...ranking.map(({ value }) => widthOf(format(value))));
  const bar = Math.min(16, Math.floor(width / 5));
  const name = width - figures - bar - 2;
  return [
    titleRow(title, '', width, theme),
    ...(ranking.length === 0 ? [row(toned('muted', 'not known'))] : []),
    ...ranking.map((each) =>
      row(
        sized(row(toned('plain', each.name)), name, 'left', theme.glyphs.ellipsis),
        ' ',
        sized(row(format(each.value)), figures, 'right'),
        ' ',
        barRow(each.value / most, bar, 'accent', theme),
      ),
    ),
  ];
}
