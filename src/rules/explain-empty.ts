/** Why an expression has no result: which side is empty, which matcher finds nothing, which labels fail to match. */
import { formatDuration } from '../config/duration.ts';
import { nearestNames } from '../config/nearest-name.ts';
import { compareBytes } from '../labels/compare.ts';
import { isLegacyLabelName, METRIC_NAME, quote } from '../labels/labels.ts';
import { Matcher } from '../labels/matcher.ts';
import {
  type BinaryExpression,
  type Call,
  COMPARISONS,
  childrenOf,
  type Expression,
  typeOf,
  unwrap,
  type VectorSelector,
} from '../promql/expression.ts';
import { formatExpression } from '../promql/format.ts';
import { type InstantSample, type QueryEngine, QueryError, type RangeSeries } from '../promql/result.ts';
import { formatFloat } from '../template/float.ts';
import { queryVector } from './vector-query.ts';

export type ExplainEngine = QueryEngine;

/** Evaluates parts of an expression at one time, each once, and not more than a bound. */
export class SubqueryLog {
  readonly #engine: QueryEngine;
  readonly #nowMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #answers = new Map<string, readonly InstantSample[] | QueryError>();
  #left = MOST_QUERIES;

  constructor(engine: QueryEngine, nowMs: number, signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#nowMs = nowMs;
    this.#signal = signal;
  }

  vector(expression: Expression): Promise<readonly InstantSample[] | QueryError> {
    return this.text(formatExpression(expression));
  }

  async text(query: string): Promise<readonly InstantSample[] | QueryError> {
    const known = this.#answers.get(query);
    if (known !== undefined) return known;
    if (this.#left-- <= 0) return new QueryError('execution', 'too many parts to look into');
    let answer: readonly InstantSample[] | QueryError;
    try {
      answer = await queryVector(this.#engine, query, this.#nowMs, this.#signal);
    } catch (error) {
      if (!(error instanceof QueryError) || this.#signal?.aborted) throw error;
      answer = error;
    }
    this.#answers.set(query, answer);
    return answer;
  }

  /** Undefined where it fails: a history is an extra. */
  async range(
    expression: Expression,
    startMs: number,
    endMs: number,
    stepMs: number,
  ): Promise<readonly RangeSeries[] | undefined> {
    if (this.#left-- <= 0) return undefined;
    try {
      const options = { startMs, endMs, stepMs, signal: this.#signal };
      const { value } = await this.#engine.queryRange(formatExpression(expression), options);
      return value.type === 'matrix' ? value.series : undefined;
    } catch (error) {
      if (!(error instanceof QueryError) || this.#signal?.aborted) throw error;
      return undefined;
    }
  }
}

const MOST_QUERIES = 200;

/** Lines from the outer expression inwards. The expression's result is known to be empty. */
export async function explainEmpty(expression: Expression, log: SubqueryLog): Promise<string[]> {
  const inner = unwrap(expression);
  switch (inner.kind) {
    case 'vector-selector':
      return explainSelector(inner, log);
    case 'matrix-selector':
      return explainSelector(inner.selector, log);
    case 'binary':
      return explainBinary(inner, log);
    case 'call':
      return explainCall(inner, log);
    case 'aggregation':
    case 'unary':
    case 'subquery':
      return explainChildren(inner, log);
    default:
      return [];
  }
}

async function explainSelector(selector: VectorSelector, log: SubqueryLog): Promise<string[]> {
  const written = formatExpression(selector);
  const name = selector.matchers.find((each) => each.name === METRIC_NAME && each.operator === '=');
  const others = selector.matchers.filter((each) => each !== name);
  const base = name === undefined ? [] : [name];
  if (name !== undefined && (await count(log, base)) === 0) return missingMetric(name, selector, log);
  for (const matcher of others) {
    if ((await count(log, [...base, matcher])) !== 0) continue;
    const values = await valuesOf(matcher.name, base, log);
    const there = values.length === 0 ? `no series has the label ${matcher.name}` : `it has ${listed(values)}`;
    return [`${written} is empty: the matcher ${matcher} finds nothing (${there})`];
  }
  if ((await count(log, selector.matchers)) > 0) {
    return [`${written} is empty: series are there, not at the time that its offset or @ asks for`];
  }
  return [`${written} is empty: each of its matchers finds series, all of them together find none`];
}

async function missingMetric(name: Matcher, selector: VectorSelector, log: SubqueryLog): Promise<string[]> {
  const earlier = await log.text(`last_over_time(${braces([name])}[1d])`);
  const head = `${formatExpression(selector)} is empty: there is no series called ${name.value} now`;
  if (earlier instanceof QueryError || earlier.length === 0) {
    const like = await similarNames(name.value, log);
    const advice = like.length === 0 ? '' : ` (there is ${like.join(', ')})`;
    return [`${head}, nor was there one within the last day${advice}`];
  }
  const [first] = earlier;
  return [`${head}; within the last day there were ${earlier.length}, such as ${first!.labels.toSelector()}`];
}

/** Names of metrics that are there and begin alike, the likest first. */
async function similarNames(name: string, log: SubqueryLog): Promise<string[]> {
  const beginning = name.slice(0, Math.max(SHORTEST_BEGINNING, Math.ceil(name.length / 3)));
  if (beginning.length < SHORTEST_BEGINNING) return [];
  const like = new Matcher('=~', METRIC_NAME, `${beginning.replace(/[^a-zA-Z0-9_:]/g, '.')}.*`);
  const samples = await log.text(`group by (${METRIC_NAME}) (${braces([like])})`);
  if (samples instanceof QueryError) return [];
  return nearestNames(name, distinct(samples, METRIC_NAME)).slice(0, MOST_SIMILAR);
}

const SHORTEST_BEGINNING = 4;
const MOST_SIMILAR = 3;

async function explainBinary(expression: BinaryExpression, log: SubqueryLog): Promise<string[]> {
  const { left, right, operator } = expression;
  const [lefts, rights] = [await log.vector(left), await log.vector(right)];
  if (lefts instanceof QueryError) return [`the left side of ${operator} fails: ${lefts.message}`];
  if (rights instanceof QueryError) return [`the right side of ${operator} fails: ${rights.message}`];
  if (operator === 'or')
    return [...(await explainSide('left', expression, log)), ...(await explainSide('right', expression, log))];
  if (lefts.length === 0) return explainSide('left', expression, log);
  if (operator === 'unless') return [`all ${lefts.length} series of the left side of unless are on its right side too`];
  if (rights.length === 0) return explainSide('right', expression, log);
  const isComparison = COMPARISONS.has(operator);
  const betweenVectors = typeOf(left) === 'vector' && typeOf(right) === 'vector';
  if (betweenVectors && !pairs(expression, lefts, rights)) return explainMismatch(expression, lefts, rights);
  return isComparison ? explainComparison(expression, lefts, rights) : [];
}

async function explainSide(side: 'left' | 'right', expression: BinaryExpression, log: SubqueryLog): Promise<string[]> {
  const operand = expression[side];
  return [
    `the ${side} side of ${expression.operator} is empty: ${formatExpression(operand)}`,
    ...(await explainEmpty(operand, log)),
  ];
}

/** Values are there, and none passes. */
function explainComparison(
  { left, right, operator }: BinaryExpression,
  lefts: readonly InstantSample[],
  rights: readonly InstantSample[],
): string[] {
  const scalarLeft = typeOf(left) === 'scalar';
  const samples = scalarLeft ? rights : lefts;
  const bound = typeOf(right) === 'scalar' ? rights[0] : scalarLeft ? lefts[0] : undefined;
  const limit = bound === undefined ? formatExpression(right) : number(bound.value);
  const wantsLess = scalarLeft ? operator.startsWith('>') : operator.startsWith('<');
  const nearest = samples
    .filter((sample) => sample.histogram === undefined)
    .sort((a, b) => (wantsLess ? a.value - b.value : b.value - a.value));
  const lines = [
    scalarLeft
      ? `${number(bound!.value)} ${operator} holds for none of the ${samples.length} series of ${formatExpression(right)}; the nearest:`
      : `${formatExpression(left)} has ${samples.length} series and none is ${operator} ${limit}; the nearest:`,
  ];
  lines.push(
    ...nearest.slice(0, MOST_LISTED).map((sample) => `  ${sample.labels.toSelector()} ${number(sample.value)}`),
  );
  return lines;
}

function pairs(
  expression: BinaryExpression,
  lefts: readonly InstantSample[],
  rights: readonly InstantSample[],
): boolean {
  const signature = signatureOf(expression);
  const keys = new Set(rights.map(signature));
  return lefts.some((sample) => keys.has(signature(sample)));
}

function signatureOf({ matching }: BinaryExpression): (sample: InstantSample) => string {
  return ({ labels }) => labels.filter((name) => takesPart(name, matching)).key;
}

function takesPart(name: string, matching: BinaryExpression['matching']): boolean {
  if (name === METRIC_NAME) return matching?.on === true && matching.labels.includes(name);
  return matching?.on === true ? matching.labels.includes(name) : !matching?.labels.includes(name);
}

/** Both sides have series, but no two have the same labels. */
function explainMismatch(
  expression: BinaryExpression,
  lefts: readonly InstantSample[],
  rights: readonly InstantSample[],
): string[] {
  const { matching, operator } = expression;
  const namesOf = (samples: readonly InstantSample[]): Set<string> =>
    new Set(samples.flatMap(({ labels }) => labels.names.filter((name) => takesPart(name, matching))));
  const [left, right] = [namesOf(lefts), namesOf(rights)];
  const lines = [
    `both sides of ${operator} have series (${lefts.length} and ${rights.length}), but no two match in their labels`,
  ];
  const onlyLeft = [...left].filter((name) => !right.has(name)).sort(compareBytes);
  const onlyRight = [...right].filter((name) => !left.has(name)).sort(compareBytes);
  if (onlyLeft.length > 0) lines.push(`only the left side has the labels ${onlyLeft.join(', ')}`);
  if (onlyRight.length > 0) lines.push(`only the right side has the labels ${onlyRight.join(', ')}`);
  for (const name of [...left].filter((each) => right.has(each)).sort(compareBytes)) {
    const [a, b] = [distinct(lefts, name), distinct(rights, name)];
    if (!a.some((value) => b.includes(value))) {
      lines.push(`the label ${name} has no common value: ${listed(a)} on the left, ${listed(b)} on the right`);
    }
  }
  const surplus = [...onlyLeft, ...onlyRight];
  if (surplus.length > 0 && matching?.on !== true) {
    const ignored = [...(matching?.labels ?? []), ...surplus].join(', ');
    lines.push(`${operator} ignoring (${ignored}) would leave them out of the matching`);
  }
  return lines;
}

async function explainCall(call: Call, log: SubqueryLog): Promise<string[]> {
  const { name } = call.signature;
  if (name === 'absent' || name === 'absent_over_time') {
    return [`${name} gives nothing, because ${formatExpression(call.args[0]!)} has series`];
  }
  return explainChildren(call, log);
}

async function explainChildren(expression: Expression, log: SubqueryLog): Promise<string[]> {
  const written = formatExpression(expression);
  for (const child of childrenOf(expression)) {
    const type = typeOf(child);
    if (type === 'scalar' || type === 'string') continue;
    const inner = unwrap(child);
    if (inner.kind === 'matrix-selector') {
      const lines = await explainRange(written, inner.selector, inner.rangeMs, log);
      if (lines !== undefined) return lines;
      continue;
    }
    const samples = type === 'matrix' ? [] : await log.vector(child);
    if (samples instanceof QueryError) return [`${formatExpression(child)} fails: ${samples.message}`];
    if (samples.length === 0)
      return [`${written} is empty, because its argument is`, ...(await explainEmpty(child, log))];
  }
  return [`${written} is empty although its argument has series: they are not of the kind that it works on`];
}

/** A range that holds samples and still gives nothing has too few of them. */
async function explainRange(
  written: string,
  selector: VectorSelector,
  rangeMs: number,
  log: SubqueryLog,
): Promise<string[] | undefined> {
  const counts = await log.text(`count_over_time(${braces(selector.matchers)}[${formatDuration(rangeMs)}])`);
  if (counts instanceof QueryError) return undefined;
  if (counts.length === 0) {
    return [
      `${written} is empty, because no sample is within its range of ${formatDuration(rangeMs)}`,
      ...(await explainSelector(selector, log)),
    ];
  }
  const most = Math.max(...counts.map(({ value }) => value));
  return [
    `${written} is empty although ${counts.length} series have samples within ${formatDuration(rangeMs)}: at most ${most} each, which may be too few`,
  ];
}

async function count(log: SubqueryLog, matchers: readonly Matcher[]): Promise<number> {
  const samples = await log.text(`count(${braces(matchers)})`);
  return samples instanceof QueryError ? 0 : (samples[0]?.value ?? 0);
}

async function valuesOf(label: string, matchers: readonly Matcher[], log: SubqueryLog): Promise<string[]> {
  if (matchers.length === 0) return [];
  const samples = await log.text(`group by (${isLegacyLabelName(label) ? label : quote(label)}) (${braces(matchers)})`);
  return samples instanceof QueryError ? [] : distinct(samples, label);
}

function distinct(samples: readonly InstantSample[], label: string): string[] {
  return [...new Set(samples.map(({ labels }) => labels.get(label)))]
    .filter((value) => value !== '')
    .sort(compareBytes);
}

function listed(values: readonly string[]): string {
  const first = values.slice(0, MOST_LISTED).map((value) => JSON.stringify(value));
  return values.length > MOST_LISTED ? `${first.join(', ')} and ${values.length - MOST_LISTED} more` : first.join(', ');
}

const MOST_LISTED = 5;

function braces(matchers: readonly Matcher[]): string {
  return `{${matchers.map(String).join(', ')}}`;
}

function number(value: number): string {
  return formatFloat(value, 'g', -1);
}
