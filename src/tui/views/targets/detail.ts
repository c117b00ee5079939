/** One target in detail: its last scrape, its scrapes over the window, its labels before and after relabelling. */
import type { TargetState, TargetsAnswer } from '../../../monitor/sources.ts';
import type { Area, Desk } from '../../frame/place.ts';
import type { Detail } from '../../frame/preview.ts';
import type { Row } from '../../frame/row.ts';
import { fetchScrapes, type ScrapeHistory } from './fetch.ts';
import { targetRows } from './rows.ts';

/** What makes a target the same one at the next look. */
export function keyOf(target: TargetState | undefined): string | undefined {
  return target === undefined ? undefined : `${target.job} ${target.scrapeUrl}`;
}

export class TargetDetail implements Detail {
  target: TargetState;
  readonly #desk: Desk;
  #history: ScrapeHistory | undefined;

  constructor(target: TargetState, desk: Desk) {
    this.target = target;
    this.#desk = desk;
  }

  get title(): string {
    return this.target.labels.get('instance') || this.target.scrapeUrl;
  }

  /** A target that is not among the answer's any more stays as it was last. */
  refresh({ active }: TargetsAnswer): void {
    this.target = active.find((target) => keyOf(target) === keyOf(this.target)) ?? this.target;
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { monitor } = this.#desk;
    this.#history = await fetchScrapes(monitor.metrics, this.target.labels, this.#desk.window(), signal);
  }

  rows(area: Area): Row[] {
    return targetRows(this.target, this.#history, area);
  }
}
