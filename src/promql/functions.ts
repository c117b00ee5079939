/** The functions of PromQL: names, argument types, results. */
import type { ValueType } from './expression.ts';

export interface FunctionSignature {
  readonly name: string;
  readonly args: readonly ValueType[];
  /** 0: exactly `args`; n > 0: the last n may be absent; -1: the last may be absent or repeated. */
  readonly variadic: number;
  readonly returns: ValueType;
  /** Needs `promql-experimental-functions`. */
  readonly experimental: boolean;
}

export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map();

const define = (
  names: string,
  args: readonly ValueType[],
  returns: ValueType = 'vector',
  { variadic = 0, experimental = false }: { variadic?: number; experimental?: boolean } = {},
): void => {
  for (const name of names.split(' ')) {
    (FUNCTIONS as Map<string, FunctionSignature>).set(name, { name, args, variadic, returns, experimental });
  }
};

const EXPERIMENTAL = { experimental: true };

define('abs ceil floor exp sqrt ln log2 log10 sgn deg rad', ['vector']);
define('sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh', ['vector']);
define('absent timestamp sort sort_desc', ['vector']);
define('histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar', ['vector']);
define('start_timestamp', ['vector'], 'vector', EXPERIMENTAL);
define('absent_over_time present_over_time avg_over_time count_over_time first_over_time last_over_time', ['matrix']);
define('max_over_time min_over_time stddev_over_time stdvar_over_time sum_over_time', ['matrix']);
define('changes delta deriv idelta increase irate rate resets', ['matrix']);
define('mad_over_time', ['matrix'], 'vector', EXPERIMENTAL);
define(
  'ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
  ['matrix'],
  'vector',
  EXPERIMENTAL,
);
define('quantile_over_time', ['scalar', 'matrix']);
define('predict_linear', ['matrix', 'scalar']);
define('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], 'vector', EXPERIMENTAL);
define('days_in_month day_of_month day_of_week day_of_year hour minute month year', ['vector'], 'vector', {
  variadic: 1,
});
define('clamp', ['vector', 'scalar', 'scalar']);
define('clamp_max clamp_min', ['vector', 'scalar']);
define('round', ['vector', 'scalar'], 'vector', { variadic: 1 });
define('scalar', ['vector'], 'scalar');
define('vector', ['scalar']);
define('time pi', [], 'scalar');
define('start end step range', [], 'scalar', EXPERIMENTAL);
define('min_of max_of', ['scalar', 'scalar'], 'scalar', EXPERIMENTAL);
define('histogram_fraction', ['scalar', 'scalar', 'vector']);
define('histogram_quantile', ['scalar', 'vector']);
define('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], 'vector', {
  variadic: 9,
  experimental: true,
});
define('info', ['vector', 'vector'], 'vector', { variadic: 1, experimental: true });
define('label_replace', ['vector', 'string', 'string', 'string', 'string']);
define('label_join', ['vector', 'string', 'string', 'string'], 'vector', { variadic: -1 });
define('sort_by_label sort_by_label_desc', ['vector', 'string'], 'vector', { variadic: -1, experimental: true });

/** The type of the argument at an index, the last one repeated. */
export function argumentType(signature: FunctionSignature, index: number): ValueType {
  return signature.args[Math.min(index, signature.args.length - 1)]!;
}

/** How many arguments are needed at least and allowed at most. */
export function arity(signature: FunctionSignature): { readonly least: number; readonly most: number } {
  const { args, variadic } = signature;
  if (variadic === 0) return { least: args.length, most: args.length };
  if (variadic < 0) return { least: args.length - 1, most: Number.POSITIVE_INFINITY };
  return { least: args.length - 1, most: args.length + variadic - 1 };
}
