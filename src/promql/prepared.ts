/** Expressions parsed once and kept while they are asked again and again, as rules and dashboards do. */
import { findRepeated } from './evaluation/repeated.ts';
import { findStatsOnly } from './evaluation/stats-only.ts';
import type { Expression, VectorSelector } from './expression.ts';
import type { PromqlFeatures } from './features.ts';
import { parseExpression } from './parse.ts';

/** A tree that no evaluation changes, and what is known of it before any. */
export interface Prepared {
  readonly expression: Expression;
  /** Selectors of histograms of which only count and sum are wanted. */
  readonly statsOnly: ReadonlySet<VectorSelector>;
  readonly repeated: ReadonlyMap<Expression, string>;
}

/** Text of a generation, in characters: about five thousand expressions of a usual length. */
const GENERATION_TEXT = 500_000;

export class PreparedExpressions {
  readonly #features: PromqlFeatures;
  /** Two generations: what was asked since the newer one was begun, and what was last asked before. */
  #newer = new Map<string, Prepared>();
  #older = new Map<string, Prepared>();
  /** Characters of the newer one. */
  #held = 0;

  constructor(features: PromqlFeatures) {
    this.#features = features;
  }

  /** Throws PromqlParseError. */
  of(text: string): Prepared {
    const known = this.#newer.get(text);
    if (known !== undefined) return known;
    const prepared = this.#older.get(text) ?? prepare(parseExpression(text, this.#features));
    if (this.#held + text.length > GENERATION_TEXT) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#held = 0;
    }
    this.#newer.set(text, prepared);
    this.#held += text.length;
    return prepared;
  }
}

function prepare(expression: Expression): Prepared {
  const statsOnly = findStatsOnly(expression);
  // The same selector may be wanted with and without its buckets.
  return { expression, statsOnly, repeated: statsOnly.size > 0 ? new Map() : findRepeated(expression) };
}
