/** The experimental parts of PromQL and Prometheus' names for them in `--enable-feature`. */

export interface PromqlFeatures {
  /** Functions and aggregations that are experimental: `info`, `limitk`, `mad_over_time`, `sort_by_label`, … */
  readonly experimentalFunctions: boolean;
  /** `[step() + 5m]`, `offset (1m * 2)`. On since Prometheus 3.14, but for `promtool test rules`. */
  readonly durationExpressions: boolean;
  /** `anchored` and `smoothed`. */
  readonly extendedRangeSelectors: boolean;
  /** `fill`, `fill_left`, `fill_right`. */
  readonly binopFill: boolean;
  /** Metric names go at the end of the evaluation, not by each function. */
  readonly delayedNameRemoval: boolean;
  /** `rate` and alike look at start timestamps. */
  readonly startTimestamps: boolean;
  /** `rate` and `increase` judge by the label `__type__`, not by the name, whether they got a counter. */
  readonly typeAndUnitLabels: boolean;
}

export const NO_FEATURES: PromqlFeatures = {
  experimentalFunctions: false,
  durationExpressions: true,
  extendedRangeSelectors: false,
  binopFill: false,
  delayedNameRemoval: false,
  startTimestamps: false,
  typeAndUnitLabels: false,
};

export const ALL_SYNTAX: PromqlFeatures = {
  ...NO_FEATURES,
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  binopFill: true,
};

const NAMES: ReadonlyMap<string, keyof PromqlFeatures> = new Map([
  ['promql-experimental-functions', 'experimentalFunctions'],
  ['promql-duration-expr', 'durationExpressions'],
  ['promql-extended-range-selectors', 'extendedRangeSelectors'],
  ['promql-binop-fill-modifiers', 'binopFill'],
  ['promql-delayed-name-removal', 'delayedNameRemoval'],
  ['use-start-timestamps', 'startTimestamps'],
  ['type-and-unit-labels', 'typeAndUnitLabels'],
]);

/** What a list of `--enable-feature` names switches on here; names of other parts of Prometheus are left alone. */
export function featuresFromNames(names: Iterable<string>): PromqlFeatures {
  const features: Record<keyof PromqlFeatures, boolean> = { ...NO_FEATURES };
  for (const name of names) {
    const feature = NAMES.get(name);
    if (feature) features[feature] = true;
  }
  return features;
}
