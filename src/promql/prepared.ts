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

/** Text kept, in characters: about ten thousand expressions of a usual length. */
const MOST_TEXT = 1_000_000;

export class PreparedExpressions {
  readonly #features: PromqlFeatures;
  /** The one asked longest ago first. */
  readonly #byText = new Map<string, Prepared>();
  #held = 0;

  constructor(features: PromqlFeatures) {
    this.#features = features;
  }

  /** Throws PromqlParseError. */
  of(text: string): Prepared {
    const known = this.#byText.get(text);
    if (known !== undefined) {
      this.#byText.delete(text);
      this.#byText.set(text, known);
      return known;
    }
    const prepared = prepare(parseExpression(text, this.#features));
    this.#byText.set(text, prepared);
    this.#held += text.length;
    for (const oldest of this.#byText.keys()) {
      if (this.#held <= MOST_TEXT) break;
      this.#byText.delete(oldest);
      this.#held -= oldest.length;
    }
    return prepared;
  }
}

function prepare(expression: Expression): Prepared {
  const statsOnly = findStatsOnly(expression);
  // The same selector may be wanted with and without its buckets.
  return { expression, statsOnly, repeated: statsOnly.size > 0 ? new Map() : findRepeated(expression) };
}
