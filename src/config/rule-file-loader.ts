/** Loads a rule file: its structure and names. Expressions and templates are left as text, with their places. */
import { isLegacyLabelName, METRIC_NAME } from '../labels/labels.ts';
import { decodeRoot, diskFiles, type LoadOptions, readConfigFile, readingOf, refuseErrors } from './config-files.ts';
import type { Loaded } from './problem.ts';
import type { NameValidationScheme, SourcePlace } from './prometheus-config.ts';
import type { RuleConfig, RuleFile, RuleGroupConfig } from './rule-file.ts';
import {
  FAILED,
  field,
  integer,
  list,
  type Mapping,
  optional,
  type StructPlace,
  struct,
  type Type,
  text,
  toRecord,
} from './schema.ts';
import { duration, textMap } from './value-types.ts';

export interface RuleFileOptions extends LoadOptions {
  /** Default `utf8`. */
  readonly nameValidationScheme?: NameValidationScheme | undefined;
  /** Unknown fields become warnings, as with promtool's `--ignore-unknown-fields`. */
  readonly ignoreUnknownFields?: boolean | undefined;
}

/** Throws ConfigError. A file without content has no groups; of several YAML documents the first counts, with a warning. */
export function loadRuleFile(file: string, options: RuleFileOptions = {}): Loaded<RuleFile> {
  const document = readConfigFile(file, options.files ?? diskFiles);
  const reading = readingOf(file);
  reading.ignoresUnknownFields = options.ignoreUnknownFields ?? false;
  reading.ignoresNullKeys = true;
  const root = decodeRoot(ruleFile(options.nameValidationScheme ?? 'utf8'), document, reading);
  refuseErrors(reading);
  return { value: { file, groups: root === FAILED || root === undefined ? [] : root }, warnings: reading.problems };
}

function ruleFile(scheme: NameValidationScheme): Type<readonly RuleGroupConfig[] | undefined> {
  return struct('rulefmt.RuleGroups', { groups: field(list(ruleGroup(scheme))) }, (raw, at) => {
    const names = new Set<string>();
    // An element that is null is left out, as by promtool.
    for (const group of raw.groups ?? []) {
      if (!group) continue;
      if (names.has(group.name)) {
        at.fail(group.namePlace, `groupname: ${JSON.stringify(group.name)} is repeated in the same file: rename one`);
      } else names.add(group.name);
    }
    return (raw.groups ?? []).flatMap((group) => {
      if (!group) return [];
      const { namePlace: _, ...rest } = group;
      return [rest];
    });
  });
}

function ruleGroup(
  scheme: NameValidationScheme,
): Type<(RuleGroupConfig & { readonly namePlace: SourcePlace }) | undefined> {
  const fields = {
    name: field(text),
    interval: field(duration),
    query_offset: field(optional(duration)),
    limit: field(integer),
    rules: field(list(rule)),
    labels: field(textMap),
  };
  return struct('rulefmt.RuleGroup', fields, (raw, at) => {
    if (raw.name === '') at.fail('name', 'Groupname must not be empty: give the group a name');
    checkLabelNames(raw.labels, scheme, at, '');
    const rules: RuleConfig[] = [];
    for (const [index, read] of (raw.rules ?? []).filter((each) => each !== undefined).entries()) {
      rules.push(completeRule(read, scheme, `group ${JSON.stringify(raw.name)}, rule ${index + 1}, `));
      if (read.at.failed) at.failed = true;
    }
    return {
      place: at.place,
      namePlace: at.of('name'),
      name: raw.name,
      intervalMs: raw.interval || undefined,
      queryOffsetMs: raw.query_offset,
      limit: raw.limit,
      labels: toRecord(raw.labels),
      rules,
    };
  });
}

const rule = struct(
  'rulefmt.Rule',
  {
    record: field(text),
    alert: field(text),
    expr: field(text),
    for: field(duration),
    keep_firing_for: field(duration),
    labels: field(textMap),
    annotations: field(textMap),
  },
  (raw, at) => ({ raw, at }),
);

type ReadRule = NonNullable<(typeof rule)['zero']>;

/** `where` names the group and the rule's position, as Prometheus' messages do. */
function completeRule({ raw, at }: ReadRule, scheme: NameValidationScheme, where: string): RuleConfig {
  const name = raw.alert || raw.record;
  const prefix = `${where}${JSON.stringify(name)}: `;
  if (raw.record !== '' && raw.alert !== '') at.fail('alert', `${prefix}only one of 'record' and 'alert' must be set`);
  if (name === '') at.fail(at.has('record') ? 'record' : 'alert', `${prefix}one of 'record' or 'alert' must be set`);
  if (raw.expr === '') at.fail('expr', `${prefix}field 'expr' must be set in rule`);
  if (raw.record !== '') checkRecording({ raw, at }, scheme, prefix);
  checkLabelNames(raw.labels, scheme, at, prefix);
  for (const { key, place } of raw.annotations ?? []) {
    if (!isName(key, scheme)) at.fail(place, `${prefix}invalid annotation name: ${key}`);
  }
  return {
    place: at.place,
    expressionPlace: at.of('expr'),
    kind: raw.record !== '' ? 'recording' : 'alerting',
    name,
    expression: raw.expr,
    forMs: raw.for,
    keepFiringForMs: raw.keep_firing_for,
    labels: toRecord(raw.labels),
    annotations: toRecord(raw.annotations),
    labelPlaces: placesOf(raw.labels),
    annotationPlaces: placesOf(raw.annotations),
  };
}

function checkRecording({ raw, at }: ReadRule, scheme: NameValidationScheme, prefix: string): void {
  if (raw.annotations?.length) at.fail('annotations', `${prefix}invalid field 'annotations' in recording rule`);
  if (raw.for !== 0) at.fail('for', `${prefix}invalid field 'for' in recording rule`);
  if (raw.keep_firing_for !== 0)
    at.fail('keep_firing_for', `${prefix}invalid field 'keep_firing_for' in recording rule`);
  if (scheme === 'legacy' && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(raw.record)) {
    at.fail('record', `${prefix}invalid recording rule name: ${raw.record}`);
  }
  if (/[{}]/.test(raw.record)) {
    at.fail('record', `${prefix}braces present in the recording rule name; should it be in expr?: ${raw.record}`);
  }
}

function checkLabelNames(
  labels: Mapping<string> | undefined,
  scheme: NameValidationScheme,
  at: StructPlace,
  prefix: string,
): void {
  for (const { key, place } of labels ?? []) {
    if (!isName(key, scheme) || key === METRIC_NAME) at.fail(place, `${prefix}invalid label name: ${key}`);
  }
}

function isName(name: string, scheme: NameValidationScheme): boolean {
  return scheme === 'utf8' ? name !== '' : isLegacyLabelName(name);
}

function placesOf(entries: Mapping<string> | undefined): Record<string, SourcePlace> {
  const places: Record<string, SourcePlace> = Object.create(null);
  for (const { key, valuePlace } of entries ?? []) places[key] = valuePlace;
  return places;
}
