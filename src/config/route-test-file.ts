/** Reads the cases of `watchfire test route`: a YAML list, or JSON with one case a line. */
import { Labels } from '../labels/labels.ts';
import { type ConfigFiles, decodeRoot, diskFiles, readConfigFile, readingOf, refuseErrors } from './config-files.ts';
import type { SourcePlace } from './prometheus-config.ts';
import {
  FAILED,
  field,
  list,
  optional,
  type Raw,
  type Reading,
  type StructPlace,
  struct,
  type Type,
  text,
  toRecord,
} from './schema.ts';
import { labelSet } from './value-types.ts';
import { readYaml, type YamlDocument } from './yaml-reader.ts';

/** Alerts that fire together, and what is to become of each. */
export interface RouteTestCase {
  readonly place: SourcePlace;
  /** Undefined: the alerts' labels say which it is. */
  readonly name: string | undefined;
  /** For time intervals; undefined: they are not looked at. */
  readonly atMs: number | undefined;
  readonly alerts: readonly RouteTestAlert[];
}

/** Of the expectations what is undefined is not checked. */
export interface RouteTestAlert {
  readonly place: SourcePlace;
  readonly labels: Labels;
  /** In any order. */
  readonly receivers: readonly string[] | undefined;
  readonly receiversPlace: SourcePlace;
  /** Each names one alert by some of its labels; an empty list: nothing inhibits it. */
  readonly inhibitedBy: readonly Labels[] | undefined;
  readonly inhibitedByPlace: SourcePlace;
  /** Names of the time intervals for which nothing is sent; an empty list: it is sent at once. */
  readonly mutedBy: readonly string[] | undefined;
  readonly mutedByPlace: SourcePlace;
}

/** Throws ConfigError. */
export function loadRouteTests(file: string, files: ConfigFiles = diskFiles): readonly RouteTestCase[] {
  const reading = readingOf(file);
  const cases = documentsOf(file, files).flatMap((document) => {
    const decoded = decodeRoot(document.root?.kind === 'list' ? list(testCase) : single(testCase), document, reading);
    return decoded === FAILED || decoded === undefined ? [] : decoded;
  });
  refuseErrors(reading);
  return cases.filter((each) => each !== undefined);
}

/** One document, or where each line is JSON of its own, one for each line. */
function documentsOf(file: string, files: ConfigFiles): readonly YamlDocument[] {
  const source = textOf(file, files);
  const lines = source.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, index }]));
  if (lines.length < 2 || !lines.every(({ line }) => isJson(line))) return [readConfigFile(file, files)];
  // The lines before stay as empty ones, so that each place is that of the whole file.
  return lines.map(({ line, index }) => readYaml(file, '\n'.repeat(index) + line));
}

/** Empty for a file that cannot be read: reading it as YAML says why. */
function textOf(file: string, files: ConfigFiles): string {
  try {
    const content = files.readFile(file);
    return typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
  } catch {
    return '';
  }
}

function isJson(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function single<T>(type: Type<T>): Type<readonly T[] | undefined> {
  return {
    name: type.name,
    zero: undefined,
    read: (value, reading: Reading) => {
      const read = type.read(value, reading);
      return read === FAILED ? FAILED : [read];
    },
  };
}

const expectations = {
  labels: field(labelSet),
  receivers: field(list(text)),
  inhibited_by: field(list(labelSet)),
  muted_by: field(list(text)),
};

const testAlert = struct('route_test.alert', expectations, alertOf);

function alertOf(raw: Raw<typeof expectations>, at: StructPlace): RouteTestAlert {
  if (raw.labels === undefined) at.fail('labels', 'an alert without labels: write labels: {alertname: …}');
  return {
    place: at.place,
    labels: Labels.of(toRecord(raw.labels)),
    receivers: raw.receivers,
    receiversPlace: at.keyOf('receivers'),
    // A list that is empty is an expectation, one that is not there is none.
    inhibitedBy: at.has('inhibited_by')
      ? (raw.inhibited_by ?? []).map((labels) => Labels.of(toRecord(labels)))
      : undefined,
    inhibitedByPlace: at.keyOf('inhibited_by'),
    mutedBy: at.has('muted_by') ? (raw.muted_by ?? []) : undefined,
    mutedByPlace: at.keyOf('muted_by'),
  };
}

const testCase = struct(
  'route_test.case',
  { name: field(optional(text)), at: field(optional(text)), alerts: field(list(testAlert)), ...expectations },
  (raw, at): RouteTestCase => {
    const atMs = raw.at === undefined ? undefined : Date.parse(raw.at);
    if (atMs !== undefined && Number.isNaN(atMs)) {
      at.fail('at', `${JSON.stringify(raw.at)} is no time: write it like 2026-01-31T22:30:00Z`);
    }
    if (raw.at === undefined && (at.has('muted_by') || raw.alerts?.some((alert) => alert?.mutedBy !== undefined))) {
      at.fail('muted_by', 'muted_by depends on the time: add at: 2026-01-31T22:30:00Z');
    }
    if (at.has('alerts') === at.has('labels')) {
      at.fail('alerts', 'a case has either labels (one alert) or alerts (several that fire together)');
    }
    return {
      place: at.place,
      name: raw.name,
      atMs,
      alerts: at.has('labels') ? [alertOf(raw, at)] : (raw.alerts ?? []).filter((alert) => alert !== undefined),
    };
  },
);
