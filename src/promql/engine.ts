/** The PromQL engine: text and times → result, over one Queryable. */
import { type Clock, systemClock } from '../config/clock.ts';
import type { Queryable } from '../storage/queryable.ts';
import { checkDurations, withPlace } from './duration-expression.ts';
import { Annotations } from './evaluation/annotations.ts';
import { Budget } from './evaluation/budget.ts';
import { Evaluator } from './evaluation/evaluator.ts';
import type { Frame, QueryScope } from './evaluation/frame.ts';
import { finishMatrix, finishVector, rangeVector } from './evaluation/result-rows.ts';
import { QuerySlabs, SlabPool } from './evaluation/row-slabs.ts';
import type { CommonExpressions } from './evaluation/shared-results.ts';
import { type Expression, typeOf, unwrap } from './expression.ts';
import { featuresFromNames, type PromqlFeatures } from './features.ts';
import { type Prepared, PreparedExpressions } from './prepared.ts';
import {
  type InstantQuery,
  type QueryEngine,
  QueryError,
  type QueryResult,
  type QueryValue,
  type RangeQuery,
} from './result.ts';

export interface EngineOptions {
  /** Names of `--enable-feature`, or the features themselves. None by default. */
  readonly features?: Iterable<string> | PromqlFeatures | undefined;
  /** How far back an instant selector looks: 5 minutes by default. */
  readonly lookbackMs?: number | undefined;
  /** In memory at once: 50 million by default. */
  readonly maxSamples?: number | undefined;
  /** 2 minutes by default. */
  readonly timeoutMs?: number | undefined;
  /** The step of a subquery that names none: 1 minute by default. */
  readonly noStepSubqueryIntervalMs?: number | ((rangeMs: number) => number) | undefined;
  readonly clock?: Clock | undefined;
}

const DEFAULT_LOOKBACK_MS = 5 * 60_000;
const DEFAULT_MAX_SAMPLES = 50_000_000;
const DEFAULT_TIMEOUT_MS = 2 * 60_000;
const DEFAULT_SUBQUERY_STEP_MS = 60_000;
const NOTHING_COMMON: CommonExpressions = new Map();

export function createEngine(queryable: Queryable, options: EngineOptions = {}): QueryEngine {
  return new Engine(queryable, options);
}

class Engine implements QueryEngine {
  readonly #queryable: Queryable;
  readonly #options: EngineOptions;
  readonly #features: PromqlFeatures;
  readonly #prepared: PreparedExpressions;
  readonly #slabPool = new SlabPool();

  constructor(queryable: Queryable, options: EngineOptions) {
    const { features } = options;
    this.#queryable = queryable;
    this.#options = options;
    this.#features = features && !(Symbol.iterator in features) ? features : featuresFromNames(features ?? []);
    this.#prepared = new PreparedExpressions(this.#features);
  }

  query(text: string, query: InstantQuery): Promise<QueryResult> {
    const frame: Frame = { startMs: query.timeMs, stepMs: 0, steps: 1, isRange: false };
    return this.#run(text, frame, query, 0);
  }

  async queryRange(text: string, query: RangeQuery): Promise<QueryResult> {
    const { startMs, endMs, stepMs } = query;
    if (!(stepMs > 0))
      throw new QueryError(
        'bad_data',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    if (endMs < startMs) throw new QueryError('bad_data', 'end timestamp must not be before start time');
    const steps = Math.floor((endMs - startMs) / stepMs) + 1;
    const frame: Frame = { startMs, stepMs, steps, isRange: endMs > startMs };
    return this.#run(text, frame, query, endMs - startMs);
  }

  async #run(text: string, frame: Frame, query: InstantQuery | RangeQuery, rangeMs: number): Promise<QueryResult> {
    const prepared = this.#prepared.of(text);
    const { expression } = prepared;
    const isRange = 'stepMs' in query;
    const type = typeOf(expression);
    if (isRange && type !== 'scalar' && type !== 'vector') {
      const name = type === 'matrix' ? 'range vector' : type;
      throw new QueryError(
        'bad_data',
        `invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
      );
    }
    const scope = this.#scope(prepared, frame, query, rangeMs, isRange);
    scope.budget.check();
    const { slabs } = scope;
    try {
      checkDurations(expression, scope.times);
      const value = await evaluate(new Evaluator(scope, frame), expression, isRange);
      // The points of a matrix lie in the slabs, other results do not.
      const release = value.type === 'matrix' ? () => slabs.release() : undefined;
      if (release === undefined) slabs.release();
      return { value, ...scope.annotations.texts(text), samplesRead: scope.budget.read, release };
    } catch (error) {
      slabs.release();
      throw withPlace(text, error);
    }
  }

  #scope(
    prepared: Prepared,
    frame: Frame,
    query: InstantQuery | RangeQuery,
    rangeMs: number,
    isRange: boolean,
  ): QueryScope {
    const options = this.#options;
    const timeoutMs = query.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const interval = options.noStepSubqueryIntervalMs ?? DEFAULT_SUBQUERY_STEP_MS;
    const { changes } = this.#queryable;
    const sharing = isRange || changes === undefined ? undefined : (query as InstantQuery).sharing;
    return {
      queryable: this.#queryable,
      features: this.#features,
      lookbackMs: query.lookbackMs ?? options.lookbackMs ?? DEFAULT_LOOKBACK_MS,
      noStepSubqueryIntervalMs: typeof interval === 'number' ? () => interval : interval,
      startMs: frame.startMs,
      endMs: isRange ? (query as RangeQuery).endMs : frame.startMs,
      times: { stepMs: frame.stepMs, rangeMs },
      annotations: new Annotations(),
      budget: new Budget(
        options.maxSamples ?? DEFAULT_MAX_SAMPLES,
        options.clock ?? systemClock,
        timeoutMs,
        query.signal,
      ),
      slabs: new QuerySlabs(this.#slabPool),
      statsOnly: prepared.statsOnly,
      repeated: prepared.repeated,
      common: sharing?.of(prepared, frame.startMs, changes!) ?? NOTHING_COMMON,
      sharing,
    };
  }
}

function evaluate(evaluator: Evaluator, expression: Expression, isRange: boolean): Promise<QueryValue> {
  const { frame } = evaluator;
  const inner = unwrap(expression);
  const timestampMs = frame.startMs;
  switch (typeOf(expression)) {
    case 'string':
      return Promise.resolve({ type: 'string', timestampMs, value: inner.kind === 'string' ? inner.value : '' });
    case 'scalar':
      return evaluator
        .scalar(inner)
        .then((column) =>
          isRange ? finishMatrix(evaluator, [], column) : { type: 'scalar', timestampMs, value: column[0]! },
        );
    case 'matrix':
      return rangeVector(evaluator, inner);
    case 'vector':
      return evaluator
        .wholeRows(inner)
        .then((rows) => (isRange ? finishMatrix(evaluator, rows) : finishVector(evaluator, inner, rows)));
  }
}
