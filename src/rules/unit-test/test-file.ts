/** Reads a file of rule unit tests (`promtool test rules`), strict about its fields. */
import { type ConfigFiles, decodeRoot, readConfigFile, readingOf, refuseErrors } from '../../config/config-files.ts';
import type { SourcePlace } from '../../config/prometheus-config.ts';
import { boolean, FAILED, field, float, list, parsed, struct, text, toRecord } from '../../config/schema.ts';
import { absolutePath, duration, labelSet, textMap } from '../../config/value-types.ts';
import { Time } from '../../template/template.ts';

export interface RuleTestFile {
  readonly file: string;
  /** Patterns, absolute. */
  readonly ruleFiles: readonly string[];
  readonly evaluationIntervalMs: number;
  readonly groupOrder: readonly string[];
  readonly fuzzyCompare: boolean;
  readonly tests: readonly RuleTestGroup[];
}

export interface RuleTestGroup {
  readonly place: SourcePlace;
  readonly name: string;
  readonly intervalMs: number;
  readonly startMs: number;
  readonly inputSeries: readonly InputSeries[];
  readonly alertTests: readonly AlertTest[];
  readonly expressionTests: readonly ExpressionTest[];
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly externalUrl: string;
}

export interface InputSeries {
  readonly place: SourcePlace;
  readonly series: string;
  readonly values: string;
}

export interface AlertTest {
  readonly place: SourcePlace;
  /** After the group's start. */
  readonly evalTimeMs: number;
  readonly alertname: string;
  readonly expected: readonly ExpectedAlert[];
}

export interface ExpectedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ExpressionTest {
  readonly place: SourcePlace;
  readonly expression: string;
  /** After the group's start. */
  readonly evalTimeMs: number;
  readonly expected: readonly ExpectedSample[];
}

export interface ExpectedSample {
  readonly place: SourcePlace;
  readonly labels: string;
  readonly value: number;
  readonly histogram: string;
}

/** Throws ConfigError. */
export function readTestFile(file: string, files: ConfigFiles, ignoreUnknownFields = false): RuleTestFile {
  const document = readConfigFile(file, files);
  const reading = readingOf(file);
  reading.ignoresUnknownFields = ignoreUnknownFields;
  const root = decodeRoot(testFile, document, reading);
  refuseErrors(reading);
  const read = root === FAILED ? undefined : root;
  const evaluationIntervalMs = read?.evaluation_interval || DEFAULT_INTERVAL_MS;
  return {
    file,
    ruleFiles: (read?.rule_files ?? []).map((path) => (path === '' ? '' : absolutePath(path, reading.directory))),
    evaluationIntervalMs,
    groupOrder: read?.group_eval_order ?? [],
    fuzzyCompare: read?.fuzzy_compare ?? false,
    tests: (read?.tests ?? []).flatMap((test) =>
      test === undefined ? [] : [{ ...test, intervalMs: test.intervalMs || evaluationIntervalMs }],
    ),
  };
}

const DEFAULT_INTERVAL_MS = 60_000;

/** Unix seconds, or RFC 3339; in Unix milliseconds. */
const timestamp = parsed('timestamp', 0, (value) => {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  try {
    return Time.parse('2006-01-02T15:04:05Z07:00', value).unixMs;
  } catch {
    throw new Error(
      `cannot parse ${JSON.stringify(value)} to a valid timestamp: write Unix seconds or 2024-01-01T00:00:00Z`,
    );
  }
});

const inputSeries = struct('series', { series: field(text), values: field(text) }, (raw, at) => ({
  place: at.place,
  ...raw,
}));

const expectedAlert = struct('alert', { exp_labels: field(textMap), exp_annotations: field(textMap) }, (raw) => ({
  labels: toRecord(raw.exp_labels),
  annotations: toRecord(raw.exp_annotations),
}));

const WITHOUT_ALERTNAME = 'an item under alert_rule_test misses required attribute alertname';

const alertTest = struct(
  'alertTestCase',
  { eval_time: field(duration), alertname: field(text), exp_alerts: field(list(expectedAlert)) },
  (raw, at) => {
    if (raw.alertname === '') at.fail(at.place, WITHOUT_ALERTNAME);
    return {
      place: at.place,
      evalTimeMs: raw.eval_time,
      alertname: raw.alertname,
      expected: (raw.exp_alerts ?? []).map((each) => each ?? { labels: {}, annotations: {} }),
    };
  },
);

const expectedSample = struct(
  'sample',
  { labels: field(text), value: field(float), histogram: field(text) },
  (raw, at) => ({ place: at.place, ...raw }),
);

const expressionTest = struct(
  'promqlTestCase',
  { expr: field(text), eval_time: field(duration), exp_samples: field(list(expectedSample)) },
  (raw, at) => ({
    place: at.place,
    expression: raw.expr,
    evalTimeMs: raw.eval_time,
    expected: (raw.exp_samples ?? []).map((each) => each ?? { place: at.place, labels: '', value: 0, histogram: '' }),
  }),
);

const testGroup = struct(
  'testGroup',
  {
    name: field(text),
    interval: field(duration),
    start_timestamp: field(timestamp),
    input_series: field(list(inputSeries)),
    alert_rule_test: field(list(alertTest)),
    promql_expr_test: field(list(expressionTest)),
    external_labels: field(labelSet),
    external_url: field(text),
  },
  (raw, at) => {
    const empty = raw.alert_rule_test?.indexOf(undefined) ?? -1;
    if (empty >= 0) at.fail(at.item('alert_rule_test', empty), WITHOUT_ALERTNAME);
    return {
      place: at.place,
      name: raw.name,
      intervalMs: raw.interval,
      startMs: raw.start_timestamp,
      inputSeries: withoutNull(raw.input_series),
      alertTests: withoutNull(raw.alert_rule_test),
      expressionTests: (raw.promql_expr_test ?? []).map(
        (each, index) =>
          each ?? { place: at.item('promql_expr_test', index), expression: '', evalTimeMs: 0, expected: [] },
      ),
      externalLabels: toRecord(raw.external_labels),
      externalUrl: raw.external_url,
    };
  },
);

const testFile = struct(
  'unitTestFile',
  {
    rule_files: field(list(text)),
    evaluation_interval: field(duration),
    group_eval_order: field(list(text)),
    fuzzy_compare: field(boolean),
    tests: field(list(testGroup)),
  },
  (raw, at) => {
    const names = new Set<string>();
    for (const [index, name] of (raw.group_eval_order ?? []).entries()) {
      if (names.has(name)) {
        at.fail(at.item('group_eval_order', index), `group name repeated in evaluation order: ${name}: remove one`);
      }
      names.add(name);
    }
    return raw;
  },
);

function withoutNull<T>(items: readonly (T | undefined)[] | undefined): T[] {
  return (items ?? []).filter((item) => item !== undefined);
}
