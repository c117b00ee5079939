/** Selections that are made again and again, as those of rules and dashboards are: looked up once, while no series comes or goes that might belong to them. */
import type { Matcher } from '../labels/matcher.ts';
import type { Head } from './head.ts';
import { HeadSeries } from './head-series.ts';
import type { Pair } from './series-index.ts';

/** A larger one takes long to read, beside which looking it up does not count. */
const MOST_SERIES = 1000;

interface Kept {
  readonly series: readonly HeadSeries[];
  /** A label that all of them have, because the matchers say so. */
  readonly pair: Pair;
  /** How many series had it. */
  readonly count: number;
  /** Of the index, as it was. */
  readonly removals: number;
}

export class SelectionCache {
  readonly #head: Head;
  /** The matchers of an expression are kept as long as the expression is. */
  readonly #kept = new WeakMap<readonly Matcher[], Kept>();

  constructor(head: Head) {
    this.#head = head;
  }

  /** Series that match every matcher; not to be changed. */
  select(matchers: readonly Matcher[]): readonly HeadSeries[] {
    const { index } = this.#head;
    const known = this.#kept.get(matchers);
    // A series that has come and matches has the pair, too; so the pair would have more series now.
    if (known !== undefined && known.removals === index.removals && known.count === index.countOf(known.pair)) {
      return known.series;
    }
    const series = Array.from(index.select(matchers), (slot) => new HeadSeries(this.#head, slot));
    const pair = series.length <= MOST_SERIES ? index.pairOf(matchers) : undefined;
    if (pair === undefined) this.#kept.delete(matchers);
    else this.#kept.set(matchers, { series, pair, count: index.countOf(pair), removals: index.removals });
    return series;
  }
}
