/** Random PromQL that parses and type-checks, over the series of `randomSeries`. */
import type { Random } from './random.ts';

export interface Syntax {
  /** Functions and aggregations that are experimental. */
  readonly experimental: boolean;
  readonly durationExpressions: boolean;
  readonly extendedRanges: boolean;
  readonly fill: boolean;
  /** Unix seconds about which `@` is. */
  readonly atS: number;
}

const FLOATS = 'requests_total errors_total load duration_bucket gaps odd'.split(' ');
const HISTOGRAMS = 'latency size nhcb nhcb_gauge mixed weird'.split(' ');
const OTHERS = ['target_info', 'build_info', '{"größe.b"}', 'nothing', '{__name__=~"req.*|err.*"}', '{job="a",le=""}'];
const SIMPLE =
  'abs ceil floor exp sqrt ln log2 log10 sgn deg rad sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh timestamp absent sort sort_desc days_in_month day_of_month day_of_week day_of_year hour minute month year round -'.split(
    ' ',
  );
const OF_HISTOGRAMS =
  'histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar timestamp absent'.split(' ');
const OVER_TIME =
  'rate rate rate increase increase irate delta idelta deriv changes resets sum_over_time avg_over_time min_over_time max_over_time count_over_time stddev_over_time stdvar_over_time last_over_time present_over_time absent_over_time'.split(
    ' ',
  );
const NEWER_OVER_TIME =
  'mad_over_time first_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time'.split(
    ' ',
  );
const EXTENDED = 'rate increase delta changes resets rate increase'.split(' ');
const AGGREGATIONS = 'sum avg min max count group stddev stdvar sum avg count'.split(' ');
const OPERATORS = '+ - * / % ^ == != > < >= <= and or unless atan2 + - * /'.split(' ');
const GROUPINGS = ['', '', ' by (job)', ' by (job, path)', ' without (path)', ' by (nope)', ' without (le, instance)'];

export function randomQuery(random: Random, syntax: Syntax): string {
  const query = random.chance(0.03) ? scalar(2) : vector(random.pick([0, 1, 1, 2, 2, 3]));
  return query;

  function vector(depth: number): string {
    if (depth <= 0) return selector();
    const inner = (): string => vector(depth - 1 - random.below(2));
    const kinds: (() => string)[] = [
      selector,
      () => `${random.pick(SIMPLE)}(${inner()})`.replace(/^-\((.*)\)$/s, '-($1)'),
      () => `${random.pick(OF_HISTOGRAMS)}(${histogram(depth - 1)})`,
      overTime,
      overTime,
      overTime,
      () => aggregation(inner),
      () => aggregation(inner),
      () => aggregation(() => histogram(depth - 1)),
      () => binary(inner),
      () => binary(inner),
      () => binary(() => histogram(depth - 1)),
      () => withScalar(inner),
      () => withScalar(() => histogram(depth - 1)),
      () => `histogram_quantile(${scalar(1)}, ${random.chance(0.3) ? classic() : histogram(depth - 1)})`,
      () => `histogram_fraction(${scalar(1)}, ${scalar(1)}, ${random.chance(0.3) ? classic() : histogram(depth - 1)})`,
      () => labels(inner),
      () => `clamp(${inner()}, ${scalar(1)}, ${scalar(1)})`,
      () => `${random.pick(['clamp_min', 'clamp_max', 'round'])}(${inner()}, ${scalar(1)})`,
      () => `vector(${scalar(1)})`,
      () => (syntax.experimental ? experimental(depth, inner) : selector()),
    ];
    return random.pick(kinds)();
  }

  function histogram(depth: number): string {
    if (depth <= 0 || random.chance(0.3)) return selector(HISTOGRAMS);
    const kinds = [
      () =>
        `${random.pick(['rate', 'increase', 'irate', 'delta', 'idelta', 'sum_over_time', 'avg_over_time', 'last_over_time'])}(${range(HISTOGRAMS)})`,
      () => `${random.pick(['sum', 'avg'])}${random.pick(GROUPINGS)} (${histogram(depth - 1)})`,
      () => `(${histogram(depth - 1)} ${random.pick(['+', '-'])}${matching()} ${histogram(depth - 1)})`,
      () => `(${histogram(depth - 1)} ${random.pick(syntax.fill ? ['*', '/', '</', '>/'] : ['*', '/'])} ${scalar(1)})`,
    ];
    return random.pick(kinds)();
  }

  function classic(): string {
    const from = random.pick(['duration_bucket', 'rate(duration_bucket[2m])', '{__name__=~"duration_bucket|nhcb"}']);
    return random.pick([from, `sum by (le) (${from})`, `sum by (job, le) (${from})`]);
  }

  function overTime(): string {
    const name = random.pick(syntax.experimental && random.chance(0.25) ? NEWER_OVER_TIME : OVER_TIME);
    if (syntax.extendedRanges && random.chance(0.15)) {
      return `${random.pick(EXTENDED)}(${plain(anyMetric())}[${duration()}] ${random.pick(['anchored', 'smoothed'])}${modifier()})`;
    }
    if (random.chance(0.06)) return `quantile_over_time(${scalar(1)}, ${range()})`;
    if (random.chance(0.06)) return `predict_linear(${range()}, ${scalar(1)})`;
    if (syntax.experimental && random.chance(0.04)) {
      return `double_exponential_smoothing(${range()}, ${random.pick(['0.5', '0.1', '0.9', '0', '1.5'])}, 0.3)`;
    }
    return `${name}(${range()})`;
  }

  function experimental(depth: number, inner: () => string): string {
    const kinds = [
      () => `limitk${random.pick(GROUPINGS)} (${random.pick(['1', '2', '3', '0', '-1'])}, ${inner()})`,
      () =>
        `limit_ratio${random.pick(GROUPINGS)} (${random.pick(['0.3', '-0.3', '0.5', '-0.5', '1', '0', '2'])}, ${inner()})`,
      () =>
        `info(${random.chance(0.7) ? plain(anyMetric()) : inner()}${random.pick(['', '', ', {version=~".+"}', ', {__name__="build_info"}', ', {__name__=~".+_info",commit="c1"}', ', {region="eu"}', ', {__name__!="target_info"}'])})`,
      () => `${random.pick(['sort_by_label', 'sort_by_label_desc'])}(${inner()}, "path", "le")`,
      () =>
        `histogram_quantiles(${random.chance(0.3) ? classic() : histogram(depth - 1)}, "q", ${random.pick(['0.5', '0.5, 0.9', '0, 1, 2', 'NaN, 0.25'])})`,
    ];
    return random.pick(kinds)();
  }

  function aggregation(inner: () => string): string {
    const grouping = random.pick(GROUPINGS);
    if (random.chance(0.1)) return `quantile${grouping} (${scalar(1)}, ${inner()})`;
    if (random.chance(0.15))
      return `${random.pick(['topk', 'bottomk'])}${grouping} (${random.pick(['1', '3', '0', '2.5'])}, ${inner()})`;
    if (random.chance(0.07)) return `count_values${grouping} ("v", ${inner()})`;
    return `${random.pick(AGGREGATIONS)}${grouping} (${inner()})`;
  }

  function matching(): string {
    return random.pick(['', '', '', ' on (job)', ' ignoring (path)', ' on (job, path)', ' on (instance)', ' on ()']);
  }

  function binary(inner: () => string): string {
    const operator = random.pick(OPERATORS);
    const isSet = ['and', 'or', 'unless'].includes(operator);
    const bool = /[<>=]/.test(operator) && random.chance(0.3) ? ' bool' : '';
    let match = matching();
    if (!isSet && match !== '' && random.chance(0.3))
      match += ` ${random.pick(['group_left', 'group_right', 'group_left ()', 'group_left (path)', 'group_right (path, nope)'])}`;
    if (!isSet && syntax.fill && random.chance(0.3))
      match += ` ${random.pick(['fill (0)', 'fill_left (1)', 'fill_right (-1)', 'fill_left (0) fill_right (5)', 'fill (NaN)'])}`;
    return `(${inner()} ${operator}${bool}${match} ${inner()})`;
  }

  function withScalar(inner: () => string): string {
    const operator = random.pick(['+', '-', '*', '/', '%', '^', 'atan2', '==', '!=', '>', '<=', '> bool', '== bool']);
    return random.chance(0.7) ? `(${inner()} ${operator} ${scalar(1)})` : `(${scalar(1)} ${operator} ${inner()})`;
  }

  function labels(inner: () => string): string {
    if (random.chance(0.3))
      return `label_join(${inner()}, "${random.pick(['path', 'new', 'job'])}", "-", "job", "path")`;
    const target = random.pick(['path', 'new', '__name__', 'job']);
    const replacement = random.pick(['$1', 'x-$2', '', '$1$1', 'renamed_$1']);
    return `label_replace(${inner()}, "${target}", "${replacement}", "${random.pick(['path', 'job', '__name__', 'nope'])}", "${random.pick(['(.*)', '/(.+)', '.+', '(a|b)'])}")`;
  }

  function scalar(depth: number): string {
    const plainly = [
      '0',
      '1',
      '-1',
      '0.5',
      '0.9',
      '2',
      'NaN',
      'Inf',
      '-Inf',
      '1m',
      '1e3',
      '0.25',
      '0x1F',
      '1_000',
      'time()',
      'pi()',
      '(3 % 2 ^ 2)',
      '-2 ^ 2',
    ];
    if (depth <= 0 || random.chance(0.85)) return random.pick(plainly);
    const kinds = [
      () => `scalar(${vector(depth - 1)})`,
      () =>
        `(${scalar(depth - 1)} ${random.pick(['+', '-', '*', '/', '%', '^', 'atan2', '> bool', '<= bool'])} ${scalar(depth - 1)})`,
      () =>
        syntax.experimental && syntax.fill
          ? random.pick([
              'step()',
              'range()',
              'start()',
              'end()',
              `min_of(${scalar(0)}, ${scalar(0)})`,
              `max_of(${scalar(0)}, 1)`,
            ])
          : 'time()',
    ];
    return random.pick(kinds)();
  }

  function range(from: readonly string[] = anyMetrics()): string {
    if (random.chance(0.15))
      return `(${vector(1)})[${duration()}:${random.pick(['', '10s', '33s', '1m'])}]${modifier()}`;
    return `${plain(random.pick(from))}[${duration()}]${modifier()}`;
  }

  function selector(from: readonly string[] = anyMetrics()): string {
    return `${plain(random.pick(from))}${modifier()}`;
  }

  function anyMetrics(): readonly string[] {
    return random.pick([FLOATS, FLOATS, HISTOGRAMS, OTHERS]);
  }

  function anyMetric(): string {
    return random.pick(anyMetrics());
  }

  function plain(metric: string): string {
    if (metric.startsWith('{')) return metric;
    const matchers = [
      '{job="a"}',
      '{job!="a"}',
      '{path=~"/.+",job=~"a|b"}',
      '{path!~"/x"}',
      '{nope=""}',
      '{job=~"(?i:A)"}',
      '{path="/x"}',
    ];
    return `${metric}${random.chance(0.35) ? random.pick(matchers) : ''}`;
  }

  function duration(): string {
    if (syntax.durationExpressions && random.chance(0.1)) {
      return random.pick([
        '1m + 30s',
        '2 * 1m',
        'step() + 1m',
        'max_of(step(), 1m)',
        '(5m - 1m) / 2',
        'range() / 2 + 1m',
        '-(-2m)',
        '2m % 90s + 1m',
        'min_of(3m, 2m)',
        '2 ^ 7',
      ]);
    }
    return random.pick(['15s', '1m', '2m', '5m', '90', '30s', '47s', '1m1ms']);
  }

  function modifier(): string {
    if (random.chance(0.8)) return '';
    const plainly = [
      ' offset 1m',
      ' offset -30s',
      ` @ ${syntax.atS}`,
      ' @ end()',
      ' @ start()',
      ` @ ${syntax.atS}.5 offset 2m`,
      ' offset 33s @ end()',
    ];
    if (syntax.durationExpressions && random.chance(0.2))
      return random.pick([
        ' offset (1m * 2)',
        ' offset (step() - 1m)',
        ' offset -(range() + 10s)',
        ' offset max_of(10s, 2s)',
      ]);
    return random.pick(plainly);
  }
}
