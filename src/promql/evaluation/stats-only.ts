/** Selectors of histograms of which only count and sum are wanted: no bucket need be looked at. */
import { childrenOf, type Expression, type VectorSelector } from '../expression.ts';

const WANTS_STATS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const WANTS_BUCKETS: ReadonlySet<string> = new Set([
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
  'histogram_stddev',
  'histogram_stdvar',
]);

export function findStatsOnly(expression: Expression): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  collect(expression, false, found);
  return found;
}

/** A subquery needs the buckets to find counter resets, a trim operator to trim. */
function collect(expression: Expression, statsOnly: boolean, found: Set<VectorSelector>, inSubquery = false): void {
  if (expression.kind === 'vector-selector') {
    if (statsOnly && !inSubquery) found.add(expression);
    return;
  }
  let wanted = statsOnly;
  if (expression.kind === 'call') {
    const { name } = expression.signature;
    if (WANTS_STATS.has(name)) wanted = true;
    else if (WANTS_BUCKETS.has(name)) wanted = false;
  } else if (expression.kind === 'binary' && (expression.operator === '</' || expression.operator === '>/')) {
    wanted = false;
  }
  for (const child of childrenOf(expression)) {
    collect(child, wanted, found, inSubquery || expression.kind === 'subquery');
  }
}
