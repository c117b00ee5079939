/** Which computation a range function's name stands for. */
import { QueryError } from '../result.ts';
import {
  avgOverTime,
  countOverTime,
  derivative,
  doubleExponentialSmoothing,
  endOverTime,
  extremeOverTime,
  madOverTime,
  predictLinear,
  presentOverTime,
  quantileOverTime,
  sumOverTime,
  timeOfEnd,
  varianceOverTime,
} from './over-time.ts';
import { extrapolatedRate, instantRate } from './rate.ts';
import type { CallSite, ScalarColumn } from './site.ts';
import { countTransitions } from './transitions.ts';
import type { RangeFunction } from './window.ts';

export type Extended = 'anchored' | 'smoothed' | undefined;

const ALLOWED_WITH: Readonly<Record<'anchored' | 'smoothed', readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

/** `scalars`: the arguments beside the range, in order. Throws QueryError where the range's modifier does not suit the function. */
export function rangeFunction(
  name: string,
  site: CallSite,
  scalars: readonly ScalarColumn[],
  extension: Extended,
): RangeFunction {
  if (extension !== undefined && !ALLOWED_WITH[extension].includes(name)) {
    const allowed = ALLOWED_WITH[extension].join(', ');
    throw new QueryError('execution', `${extension} modifier can only be used with: ${allowed} - not with ${name}`);
  }
  switch (name) {
    case 'rate':
      return extrapolatedRate(site, { isCounter: true, isRate: true, extension });
    case 'increase':
      return extrapolatedRate(site, { isCounter: true, isRate: false, extension });
    case 'delta':
      return extrapolatedRate(site, { isCounter: false, isRate: false, extension });
    case 'irate':
      return instantRate(site, true);
    case 'idelta':
      return instantRate(site, false);
    case 'changes':
    case 'resets':
      return countTransitions(name, extension === 'anchored');
    case 'deriv':
      return derivative(site);
    case 'predict_linear':
      return predictLinear(site, scalars[0]!);
    case 'double_exponential_smoothing':
      return doubleExponentialSmoothing(site, scalars[0]!, scalars[1]!);
    case 'quantile_over_time':
      return quantileOverTime(site, scalars[0]!, site.argument);
    case 'count_over_time':
      return countOverTime();
    case 'present_over_time':
    case 'absent_over_time':
      return presentOverTime();
    case 'sum_over_time':
      return sumOverTime(site);
    case 'avg_over_time':
      return avgOverTime(site);
    case 'max_over_time':
      return extremeOverTime(site, true, false);
    case 'min_over_time':
      return extremeOverTime(site, false, false);
    case 'ts_of_max_over_time':
      return extremeOverTime(site, true, true);
    case 'ts_of_min_over_time':
      return extremeOverTime(site, false, true);
    case 'first_over_time':
    case 'last_over_time':
      return endOverTime(name === 'last_over_time');
    case 'ts_of_first_over_time':
    case 'ts_of_last_over_time':
      return timeOfEnd(name === 'ts_of_last_over_time');
    case 'stddev_over_time':
      return varianceOverTime(site, Math.sqrt);
    case 'stdvar_over_time':
      return varianceOverTime(site, (variance) => variance);
    case 'mad_over_time':
      return madOverTime(site);
    default:
      throw new QueryError('internal', `unknown range function ${name}`);
  }
}
