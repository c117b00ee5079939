/** The place of what discovery found and relabelling dropped, with how each discovery fares. */
import type { DiscoveryStatus, DroppedTarget, TargetsAnswer } from '../../../monitor/sources.ts';
import { formatAgo, formatCount, plural } from '../../frame/format.ts';
import { titleRow, unloadedRows } from '../../frame/pane.ts';
import { type Area, Place } from '../../frame/place.ts';
import { BLANK, type Row, row, sized, toned } from '../../frame/row.ts';
import { Scroll } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { clean, wrap } from '../../sanitise.ts';
import { withoutPlainDefaults } from './rows.ts';

const ADVICE = 'It is tried again every 2 s; the header shows the state of the source.';

export class DroppedPlace extends Place {
  readonly view = 'targets';
  #answer: TargetsAnswer = { active: [], dropped: [], droppedCounts: {} };
  #scroll = new Scroll();

  crumb(): string {
    return 'discovery';
  }

  scopes(): readonly Scope[] {
    return ['page'];
  }

  async fetch(): Promise<void> {
    this.#answer = await this.desk.monitor.metrics.targets();
  }

  rows(area: Area): Row[] {
    const unloaded = unloadedRows(this, { what: 'the discoveries', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const { dropped, droppedCounts, discoveries } = this.#answer;
    const shown = dropped.filter(({ job, discoveredLabels }) =>
      this.filter.accepts({
        text: `${job} ${discoveredLabels}`,
        field: (name) => (name === 'job' ? job : discoveredLabels.get(name) || undefined),
      }),
    );
    return this.#scroll.visible(
      [...discoveriesRows(discoveries, area), BLANK, ...droppedRows(shown, droppedCounts, area)],
      area.height,
      area.theme,
    );
  }

  override act(action: string): boolean {
    return this.#scroll.act(action);
  }
}

function discoveriesRows(discoveries: readonly DiscoveryStatus[] | undefined, area: Area): Row[] {
  const { width, theme, nowMs } = area;
  const title = titleRow('Discoveries', '', width, theme);
  if (discoveries === undefined) return [title, row(toned('muted', 'This source does not tell them.'))];
  if (discoveries.length === 0) return [title, row(toned('muted', 'Every target is named in the configuration.'))];
  return [
    title,
    ...discoveries.flatMap(({ job, kind, origin, lastSuccessMs, error }) => {
      const look = error === '' ? toned('ok', `${theme.glyphs.ok} `) : toned('critical', `${theme.glyphs.failing} `);
      const last = lastSuccessMs === 0 ? 'no answer yet' : `last answer ${formatAgo(lastSuccessMs, nowMs)}`;
      const head = row(look, toned('strong', clean(`${job}  ${kind} `)), clean(origin), toned('muted', `  ${last}`));
      return [
        sized(head, width, 'left', theme.glyphs.ellipsis),
        ...(error === '' ? [] : wrap(clean(error), width - 2).map((line) => row('  ', toned('critical', line)))),
      ];
    }),
  ];
}

/** By job: how many, and the labels of those that are kept. */
function droppedRows(
  dropped: readonly DroppedTarget[],
  counts: Readonly<Record<string, number>>,
  { width, theme }: Area,
): Row[] {
  const byJob = Map.groupBy(dropped, (target) => target.job);
  const jobs = Object.entries(counts).filter(([, count]) => count > 0);
  const total = jobs.reduce((sum, [, count]) => sum + count, 0);
  const rows = [titleRow('Dropped by relabelling', toned('muted', plural(total, 'target')), width, theme)];
  if (jobs.length === 0) rows.push(row(toned('muted', 'none')));
  for (const [job, count] of jobs) {
    rows.push(row(toned('strong', clean(job)), toned('muted', `  ${formatCount(count)} dropped`)));
    for (const { discoveredLabels } of byJob.get(job) ?? [])
      rows.push(
        ...wrap(clean(`${withoutPlainDefaults(discoveredLabels)}`), width - 4).map((line, i) =>
          row(i === 0 ? '  ' : '    ', line),
        ),
      );
  }
  return rows;
}
