/** Results that queries of one time share: what several rules of a group select or compute is read and computed once. */
import { METRIC_NAME } from '../../labels/labels.ts';
import { childrenOf, type Expression, type VectorSelector } from '../expression.ts';
import type { Prepared } from '../prepared.ts';
import { shareableText } from './repeated.ts';
import type { Row } from './row.ts';

/** An expression that stands in several places of the queries. */
export class CommonExpression {
  /** In the queries of the first round. */
  places = 0;
  /** What it came to, while that still holds; not to be changed. */
  rows: readonly Row[] | undefined;
  readonly #selectors: VectorSelector[] = [];
  readonly #reads = new Map<string, boolean>();

  constructor(expression: Expression) {
    collectSelectors(expression, this.#selectors);
  }

  /** Whether series of the metric may have a part in the result. */
  reads(metricName: string): boolean {
    let reads = this.#reads.get(metricName);
    if (reads === undefined) {
      reads = this.#selectors.some(({ matchers }) =>
        matchers.every((matcher) => matcher.name !== METRIC_NAME || matcher.matches(metricName)),
      );
      this.#reads.set(metricName, reads);
    }
    return reads;
  }
}

export type CommonExpressions = ReadonlyMap<Expression, CommonExpression>;

const NONE: CommonExpressions = new Map();

interface Learned {
  /** How many queries were counted when this was found. */
  readonly counted: number;
  readonly common: CommonExpressions;
}

/**
 * Belongs to somebody who asks the same instant queries round after round, those of a round one after the other, at one time and
 * with the same options. In the first round it learns what they have in common. A result is used again only within its round, and
 * only while nothing was appended to the storage that it might depend on. Remarks are made on the query that was first, alone.
 */
export class SharedResults {
  readonly #byText = new Map<string, CommonExpression>();
  /** Queries of the first round. */
  #counted = 0;
  #firstRoundMs = Number.NaN;
  readonly #learned = new WeakMap<Prepared, Learned>();
  readonly #held = new Set<CommonExpression>();
  #timeMs = Number.NaN;
  #changes = Number.NaN;

  /** For the engine: what the query has in common with others. `changes`: those of the storage so far. */
  of(prepared: Prepared, timeMs: number, changes: number): CommonExpressions {
    if (timeMs !== this.#timeMs || changes !== this.#changes) this.clear();
    if (timeMs !== this.#timeMs && this.#timeMs === this.#firstRoundMs) this.#endFirstRound();
    this.#timeMs = timeMs;
    this.#changes = changes;
    // A selector may be wanted with the buckets of its histograms in one query, and without in another.
    if (prepared.statsOnly.size > 0) return NONE;
    if (this.#counted === 0) this.#firstRoundMs = timeMs;
    if (timeMs === this.#firstRoundMs) {
      this.#counted++;
      this.#count(prepared.expression);
    }
    let learned = this.#learned.get(prepared);
    if (learned?.counted !== this.#counted) {
      const common = new Map<Expression, CommonExpression>();
      this.#find(prepared.expression, 1, common);
      learned = { counted: this.#counted, common: common.size > 0 ? common : NONE };
      this.#learned.set(prepared, learned);
    }
    return learned.common;
  }

  /** For the engine. The rows are the caller's no longer. */
  keep(expression: CommonExpression, rows: readonly Row[]): void {
    expression.rows = rows;
    this.#held.add(expression);
  }

  /** Between two queries one commit put samples of these metrics into the storage: results that they may have changed are forgotten. */
  wrote(metricNames: readonly string[]): void {
    this.#changes++;
    for (const expression of this.#held) {
      if (metricNames.some((name) => expression.reads(name))) this.#forget(expression);
    }
  }

  /** Forgets all results, of which none is wanted before the next round. */
  clear(): void {
    for (const expression of this.#held) this.#forget(expression);
  }

  #forget(expression: CommonExpression): void {
    expression.rows = undefined;
    this.#held.delete(expression);
  }

  #endFirstRound(): void {
    for (const [text, { places }] of this.#byText) if (places === 1) this.#byText.delete(text);
  }

  #count(expression: Expression): void {
    const text = shareableText(expression);
    if (text !== undefined) {
      const known = this.#byText.get(text) ?? new CommonExpression(expression);
      known.places++;
      this.#byText.set(text, known);
    }
    for (const part of partsOf(expression)) this.#count(part);
  }

  /** An expression is worth keeping where it stands in more places than the kept one around it. */
  #find(expression: Expression, placesAround: number, into: Map<Expression, CommonExpression>): void {
    const text = shareableText(expression);
    const known = text === undefined ? undefined : this.#byText.get(text);
    const isKept = known !== undefined && known.places > placesAround;
    if (isKept) into.set(expression, known);
    for (const part of partsOf(expression)) this.#find(part, isKept ? known.places : placesAround, into);
  }
}

/** What is evaluated at the time of the query, by itself: neither the selector of a range nor what is in a subquery. */
function partsOf(expression: Expression): readonly Expression[] {
  return expression.kind === 'matrix-selector' || expression.kind === 'subquery' ? [] : childrenOf(expression);
}

function collectSelectors(expression: Expression, into: VectorSelector[]): void {
  if (expression.kind === 'vector-selector') into.push(expression);
  for (const child of childrenOf(expression)) collectSelectors(child, into);
}
