/** Loads `alertmanager.yml` with the strictness and the rules of Alertmanager 0.34. */
import type { AlertmanagerConfig, NamedTimeInterval } from './alertmanager-config.ts';
import { alertmanagerGlobal, defaultAlertmanagerGlobal } from './alertmanager-global.ts';
import { decodeRoot, diskFiles, type LoadOptions, readConfigFile, readingOf, refuseErrors } from './config-files.ts';
import { eventRecorder } from './event-recorder.ts';
import { globFault } from './glob.ts';
import { ConfigError, type Loaded } from './problem.ts';
import type { SourcePlace } from './prometheus-config.ts';
import { type RawReceiver, receiver } from './receivers/receiver.ts';
import { hasMatchers, inheritRoute, inhibitRule, type RawRoute, route } from './route-fields.ts';
import { FAILED, field, list, placedList, type Raw, type StructPlace, struct, text } from './schema.ts';
import { alertmanagerTracing } from './server-sections.ts';
import { namedTimeInterval } from './time-interval-fields.ts';
import { absolutePath, redact } from './value-types.ts';

export interface AlertmanagerLoadOptions extends LoadOptions {
  /** Refuse what Alertmanager refuses, also where watchfire knows what is meant. */
  readonly strict?: boolean | undefined;
}

/** Throws ConfigError. */
export function loadAlertmanagerConfig(
  file: string,
  options: AlertmanagerLoadOptions = {},
): Loaded<AlertmanagerConfig> {
  const document = readConfigFile(file, options.files ?? diskFiles);
  const reading = readingOf(file);
  const type = struct('config.plain', topFields(options.strict ?? false), (raw, at) => complete(raw, at));
  const config = decodeRoot(type, document, reading);
  refuseErrors(reading);
  if (config === undefined || config === FAILED) {
    const message = 'no route provided in config: add a route with a receiver, and the receiver';
    throw new ConfigError([{ file, line: 1, column: 1, message, severity: 'error' }]);
  }
  return {
    value: { ...config, file, redactedText: redact(document.text, reading.secrets) },
    warnings: reading.problems,
  };
}

function topFields(strict: boolean) {
  return {
    global: field(alertmanagerGlobal),
    route: field(route),
    inhibit_rules: field(list(inhibitRule(strict))),
    receivers: field(list(receiver(strict))),
    templates: field(placedList(text)),
    mute_time_intervals: field(list(namedTimeInterval('mute time interval'))),
    time_intervals: field(list(namedTimeInterval('time interval'))),
    tracing: field(alertmanagerTracing),
    event_recorder: field(eventRecorder),
  };
}

type Top = Raw<ReturnType<typeof topFields>>;

function complete(raw: Top, at: StructPlace): Omit<AlertmanagerConfig, 'file' | 'redactedText'> | undefined {
  const global = raw.global ?? defaultAlertmanagerGlobal;
  const before = at.reading.problems.length;
  const receivers = completeReceivers(raw.receivers, global, at);
  const timeIntervals = completeTimeIntervals(raw, at);
  for (const { value, place } of raw.templates ?? []) {
    const fault = globFault(value);
    if (fault) at.fail(place, `templates: ${JSON.stringify(value)}: ${fault}`);
  }
  if (!raw.route) {
    at.fail('route', 'no routes provided: add a route with a receiver');
    return undefined;
  }
  checkRoot(raw.route, at);
  checkTree(raw.route, new Set(receivers.map((each) => each.name)), timeIntervals, at);
  if (at.reading.problems.slice(before).some((problem) => problem.severity === 'error')) at.failed = true;
  return {
    resolveTimeoutMs: global.resolve_timeout,
    smtpTls: global.smtp_tls_config ?? { insecureSkipVerify: false },
    route: inheritRoute(raw.route),
    receivers,
    inhibitRules: (raw.inhibit_rules ?? []).filter((rule) => rule !== undefined),
    timeIntervals: [...timeIntervals.values()],
    templates: (raw.templates ?? []).map(({ value }) => absolutePath(value, at.reading.directory)),
  };
}

function completeReceivers(
  raw: readonly (RawReceiver | undefined)[] | undefined,
  global: typeof defaultAlertmanagerGlobal,
  at: StructPlace,
): AlertmanagerConfig['receivers'] {
  const names = new Set<string>();
  return (raw ?? []).flatMap((each) => {
    if (!each) return [];
    if (names.has(each.name)) {
      at.fail(each.namePlace, `notification config name ${JSON.stringify(each.name)} is not unique: rename one`);
    }
    names.add(each.name);
    return [each.complete(global)];
  });
}

function completeTimeIntervals(raw: Top, at: StructPlace): ReadonlyMap<string, NamedTimeInterval> {
  const named = new Map<string, NamedTimeInterval>();
  const add = (list: Top['time_intervals'], title: string): void => {
    for (const each of list ?? []) {
      if (!each) continue;
      const { name } = each.interval;
      if (named.has(name)) at.fail(each.place, `${title} ${JSON.stringify(name)} is not unique: rename one`);
      else named.set(name, each.interval);
    }
  };
  add(raw.mute_time_intervals, 'mute time interval');
  add(raw.time_intervals, 'time interval');
  return named;
}

function checkRoot(root: RawRoute, at: StructPlace): void {
  if (root.raw.receiver === '') at.fail(root.placeOf('receiver'), 'root route must specify a default receiver');
  if (hasMatchers(root)) {
    const name = ['matchers', 'match', 'match_re'].find((each) => root.placeOf(each) !== root.place) ?? 'matchers';
    at.fail(root.placeOf(name), 'root route must not have any matchers: it takes all alerts, use a child route');
  }
  if (root.raw.mute_time_intervals?.length) {
    at.fail(root.placeOf('mute_time_intervals'), 'root route must not have any mute time intervals');
  }
  if (root.raw.active_time_intervals?.length) {
    at.fail(root.placeOf('active_time_intervals'), 'root route must not have any active time intervals');
  }
  if (root.raw.continue) at.fail(root.placeOf('continue'), 'cannot have continue in root route');
}

function checkTree(
  node: RawRoute,
  receivers: ReadonlySet<string>,
  intervals: ReadonlyMap<string, NamedTimeInterval>,
  at: StructPlace,
): void {
  const { receiver: name, active_time_intervals, mute_time_intervals } = node.raw;
  if (name !== '' && !receivers.has(name)) {
    at.fail(
      node.placeOf('receiver'),
      `undefined receiver ${JSON.stringify(name)} used in route: define it under receivers`,
    );
  }
  for (const { value, place } of [...(active_time_intervals ?? []), ...(mute_time_intervals ?? [])]) {
    if (intervals.has(value)) continue;
    const message = `undefined time interval ${JSON.stringify(value)} used in route: define it under time_intervals`;
    at.fail(placeOr(place, node.place), message);
  }
  for (const child of node.routes) checkTree(child, receivers, intervals, at);
}

function placeOr(place: SourcePlace, fallback: SourcePlace): SourcePlace {
  return place.file === '' ? fallback : place;
}
