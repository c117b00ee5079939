/** Functions of instant vectors, but for those over ranges. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { Labels, METRIC_NAME } from '../../labels/labels.ts';
import { type Call, type Expression, type StringLiteral, unwrap, type VectorSelector } from '../expression.ts';
import { allBuckets, isCustom } from '../histogram/buckets.ts';
import { QueryError } from '../result.ts';
import { absentLabels } from './absent.ts';
import type { Evaluator } from './evaluator.ts';
import { type QueryScope, timeAt } from './frame.ts';
import { histogramFractions, histogramQuantiles } from './histogram-functions.ts';
import { infoFunction } from './info.ts';
import { compensate } from './kahan.ts';
import { labelJoin, labelReplace } from './label-functions.ts';
import {
  ABSENT,
  FLOAT_POINT,
  HISTOGRAM_POINT,
  isEmptyRow,
  mergeRows,
  type Row,
  RowMaker,
  withoutMetadata,
} from './row.ts';
import { dateFunction, floatFunction, greater, lesser } from './scalar-functions.ts';
import { resolveTimes, type SelectorYield, selectInstant } from './selector.ts';
import { sortRows } from './sort.ts';

export async function callVectorFunction(evaluator: Evaluator, call: Call): Promise<Row[]> {
  const { name } = call.signature;
  const args = call.args.map(unwrap);
  const map = floatFunction(name);
  if (map) return mapFloats(evaluator, args[0]!, map);
  const date = dateFunction(name);
  if (date) return args.length === 0 ? dateNow(evaluator, date) : mapFloats(evaluator, args[0]!, date);
  const ofHistogram = HISTOGRAM_FUNCTIONS.get(name);
  if (ofHistogram) return mapHistograms(evaluator, args[0]!, ofHistogram);
  switch (name) {
    case 'absent':
      return absent(evaluator, args[0]!);
    case 'vector':
      return vectorOf(evaluator, args[0]!);
    case 'clamp':
      return clamp(evaluator, args[0]!, args[1], args[2]);
    case 'clamp_min':
      return clamp(evaluator, args[0]!, args[1], undefined);
    case 'clamp_max':
      return clamp(evaluator, args[0]!, undefined, args[1]);
    case 'round':
      return round(evaluator, args[0]!, args[1]);
    case 'timestamp':
      return sampleTimes(evaluator, args[0]!, 'timestamp');
    case 'start_timestamp':
      return sampleTimes(evaluator, args[0]!, 'start-timestamp');
    case 'histogram_quantile':
      return histogramQuantiles(evaluator, { quantiles: [args[0]!], vector: args[1]!, label: undefined });
    case 'histogram_quantiles':
      return histogramQuantiles(evaluator, {
        quantiles: args.slice(2),
        vector: args[0]!,
        label: (args[1] as StringLiteral).value,
      });
    case 'histogram_fraction':
      return histogramFractions(evaluator, args[0]!, args[1]!, args[2]!);
    case 'label_replace':
      return labelReplace(evaluator, args);
    case 'label_join':
      return labelJoin(evaluator, args);
    case 'sort':
    case 'sort_desc':
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return sortRows(evaluator, call, args);
    case 'info':
      return infoFunction(evaluator, args[0]!, args[1] as VectorSelector | undefined);
    default:
      throw new QueryError('internal', `unknown function ${name}`);
  }
}

/**
 * The names of the rows go, now or when the query is done; where that makes labels equal, rows become one. `kept`: type and
 * unit stay where the name goes now.
 */
export function dropNames(evaluator: Evaluator, rows: Row[], kept?: 'type-and-unit'): Row[] {
  const atOnce = !evaluator.scope.features.delayedNameRemoval;
  for (const row of rows) {
    row.dropName = true;
    if (atOnce) row.labels = kept ? row.labels.without(METRIC_NAME) : withoutMetadata(row.labels);
  }
  return atOnce ? mergeRows(rows) : rows;
}

const HISTOGRAM_FUNCTIONS: ReadonlyMap<string, (histogram: FloatHistogram) => number> = new Map([
  ['histogram_count', (histogram: FloatHistogram) => histogram.count],
  ['histogram_sum', (histogram: FloatHistogram) => histogram.sum],
  ['histogram_avg', (histogram: FloatHistogram) => histogram.sum / histogram.count],
  ['histogram_stdvar', histogramVariance],
  ['histogram_stddev', (histogram: FloatHistogram) => Math.sqrt(histogramVariance(histogram))],
]);

function histogramVariance(histogram: FloatHistogram): number {
  const mean = histogram.sum / histogram.count;
  let sum = 0;
  let compensation = 0;
  for (const { lower, upper, count } of allBuckets(histogram)) {
    if (count === 0) continue;
    let value = Math.sqrt(upper * lower);
    if (isCustom(histogram)) value = (upper + lower) / 2;
    else if (lower <= 0 && upper >= 0) value = 0;
    else if (upper < 0) value = -value;
    const addend = count * (value - mean) * (value - mean);
    const total = sum + addend;
    compensation = compensate(sum, addend, total, compensation);
    sum = total;
  }
  return (sum + compensation) / histogram.count;
}

async function mapFloats(
  evaluator: Evaluator,
  argument: Expression,
  map: (value: number, step: number) => number,
): Promise<Row[]> {
  const rows = await evaluator.rows(argument);
  let hadHistograms = false;
  for (const row of rows) {
    const { kinds, values } = row;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === FLOAT_POINT) values[i] = map(values[i]!, i);
      else if (kinds[i] === HISTOGRAM_POINT) kinds[i] = ABSENT;
    }
    if (row.histograms) {
      row.histograms = undefined;
      hadHistograms = true;
    }
  }
  return dropNames(evaluator, hadHistograms ? rows.filter((row) => !isEmptyRow(row)) : rows);
}

async function mapHistograms(
  evaluator: Evaluator,
  argument: Expression,
  map: (histogram: FloatHistogram) => number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const row of await evaluator.rows(argument)) {
    if (!row.kinds.includes(HISTOGRAM_POINT)) continue;
    for (let i = 0; i < row.kinds.length; i++) {
      if (row.kinds[i] === HISTOGRAM_POINT) {
        row.values[i] = map(row.histograms![i]!);
        row.kinds[i] = FLOAT_POINT;
      } else {
        row.kinds[i] = ABSENT;
      }
    }
    row.histograms = undefined;
    rows.push(row);
  }
  return dropNames(evaluator, rows, 'type-and-unit');
}

function dateNow(evaluator: Evaluator, date: (seconds: number) => number): Row[] {
  const { frame } = evaluator;
  const row = new RowMaker(frame.steps).make(Labels.EMPTY, false);
  for (let i = 0; i < frame.steps; i++) row.values[i] = date(timeAt(frame, i) / 1000);
  row.kinds.fill(FLOAT_POINT);
  return [row];
}

async function absent(evaluator: Evaluator, argument: Expression): Promise<Row[]> {
  const present = new Uint8Array(evaluator.frame.steps);
  await evaluator.vector(
    argument,
    ({ kinds }) => {
      for (let i = 0; i < kinds.length; i++) if (kinds[i] !== ABSENT) present[i] = 1;
    },
    true,
  );
  if (!present.includes(0)) return [];
  const row = new RowMaker(present.length).make(absentLabels(argument), false);
  for (let i = 0; i < present.length; i++) {
    if (present[i]) continue;
    row.values[i] = 1;
    row.kinds[i] = FLOAT_POINT;
  }
  return [row];
}

async function vectorOf(evaluator: Evaluator, argument: Expression): Promise<Row[]> {
  const column = await evaluator.scalar(argument);
  const row = new RowMaker(column.length).make(Labels.EMPTY, false);
  row.values.set(column);
  row.kinds.fill(FLOAT_POINT);
  return [row];
}

async function clamp(
  evaluator: Evaluator,
  argument: Expression,
  least: Expression | undefined,
  most: Expression | undefined,
): Promise<Row[]> {
  const low = least && (await evaluator.scalar(least));
  const high = most && (await evaluator.scalar(most));
  const at = (step: number): [number, number] => [
    low?.[step] ?? Number.NEGATIVE_INFINITY,
    high?.[step] ?? Number.POSITIVE_INFINITY,
  ];
  const rows = await mapFloats(evaluator, argument, (value, step) => {
    const [from, to] = at(step);
    return greater(from, lesser(to, value));
  });
  for (const { kinds } of rows) {
    for (let i = 0; i < kinds.length; i++) {
      const [from, to] = at(i);
      if (to < from) kinds[i] = ABSENT;
    }
  }
  return rows.filter((row) => !isEmptyRow(row));
}

async function round(evaluator: Evaluator, argument: Expression, nearest: Expression | undefined): Promise<Row[]> {
  const column = nearest && (await evaluator.scalar(nearest));
  return mapFloats(evaluator, argument, (value, step) => {
    // The inverse loses less in floating point.
    const inverse = 1 / (column?.[step] ?? 1);
    return Math.floor(value * inverse + 0.5) / inverse;
  });
}

/**
 * What `timestamp` reads of a selector with `@`: as in Prometheus the offset says which samples there are, but they are
 * looked up as of the time of the `@`.
 */
function asLookedUp(scope: QueryScope, selector: VectorSelector): { scope: QueryScope; selector: VectorSelector } {
  const { fixedMs, offsetMs } = resolveTimes(scope, selector);
  if (fixedMs === undefined || offsetMs === 0) return { scope, selector };
  const latest = fixedMs - Math.max(offsetMs, 0);
  const lookbackMs = scope.lookbackMs - Math.abs(offsetMs);
  return {
    scope: { ...scope, lookbackMs },
    selector: { ...selector, at: latest, offsetMs: 0, offsetExpression: undefined },
  };
}

/** When the samples of a selector were taken; for any other expression that is the step itself. */
async function sampleTimes(evaluator: Evaluator, argument: Expression, wanted: SelectorYield): Promise<Row[]> {
  const { scope, frame } = evaluator;
  if (argument.kind === 'vector-selector') {
    if (wanted === 'start-timestamp' && !scope.features.startTimestamps) return [];
    const rows: Row[] = [];
    const looked = wanted === 'timestamp' ? asLookedUp(scope, argument) : { scope, selector: argument };
    if (looked.scope.lookbackMs <= 0) return [];
    await selectInstant(looked.scope, frame, looked.selector, wanted, (row) => rows.push(row), false);
    return dropNames(evaluator, rows);
  }
  if (wanted === 'start-timestamp') return [];
  const rows = await evaluator.rows(argument);
  for (const row of rows) {
    for (let i = 0; i < frame.steps; i++) {
      if (row.kinds[i] === ABSENT) continue;
      row.values[i] = timeAt(frame, i) / 1000;
      row.kinds[i] = FLOAT_POINT;
    }
    row.histograms = undefined;
  }
  return dropNames(evaluator, rows);
}
