/** The routing tree and the inhibition rules of `alertmanager.yml`. */
import type { Matcher } from '../labels/matcher.ts';
import { compareMatchers } from '../labels/matcher-parser.ts';
import type { InhibitRuleConfig, RouteConfig } from './alertmanager-config.ts';
import { equalMatchers, matcherLines, patternMatchers } from './alertmanager-values.ts';
import type { SourcePlace } from './prometheus-config.ts';
import { boolean, field, list, optional, placedList, type Raw, struct, type Type, text, toRecord } from './schema.ts';
import { duration, labelSet } from './value-types.ts';

const texts = placedList(text);

const fields = {
  receiver: field(text),
  group_by: field(texts),
  match: field(equalMatchers),
  match_re: field(patternMatchers),
  matchers: field(matcherLines),
  mute_time_intervals: field(texts),
  active_time_intervals: field(texts),
  continue: field(boolean),
  group_wait: field(optional(duration)),
  group_interval: field(optional(duration)),
  repeat_interval: field(optional(duration)),
  labels: field(labelSet),
};

/** A node as written; `inheritRoute` fills in what its parents say. */
export interface RawRoute {
  readonly raw: Raw<typeof fields>;
  readonly place: SourcePlace;
  readonly placeOf: (name: string) => SourcePlace;
  readonly routes: readonly RawRoute[];
}

/** Its children are read by the same type: the field reaches it when it is needed. */
const childRoutes: Type<readonly (RawRoute | undefined)[] | undefined> = {
  name: '[]*config.Route',
  zero: undefined,
  read: (value, reading) => list(route).read(value, reading),
};

export const route: Type<RawRoute | undefined> = struct(
  'config.plain',
  { ...fields, routes: field(childRoutes) },
  (raw, at): RawRoute => {
    const seen = new Set<string>();
    const names = raw.group_by ?? [];
    const all = names.some((each) => each.value === '...');
    for (const { value, place } of names) {
      if (value === '...') continue;
      if (value === '')
        at.fail(place.file === '' ? at.of('group_by') : place, 'invalid label name "" in group_by list');
      if (all) at.fail(place, 'cannot have wildcard group_by (`...`) and other labels at the same time');
      if (seen.has(value)) at.fail(place, `duplicated label ${JSON.stringify(value)} in group_by: remove one`);
      seen.add(value);
    }
    if (raw.group_interval === 0) at.fail('group_interval', 'group_interval cannot be zero');
    if (raw.repeat_interval === 0) at.fail('repeat_interval', 'repeat_interval cannot be zero');
    for (const [index, child] of (raw.routes ?? []).entries()) {
      if (!child) at.fail(at.item('routes', index), 'empty or null route: fill it in or remove it');
    }
    return {
      raw,
      place: at.place,
      placeOf: (name) => at.of(name),
      routes: (raw.routes ?? []).filter((child) => child !== undefined),
    };
  },
);

const DEFAULTS = {
  receiver: '',
  groupBy: [] as readonly string[] | 'all',
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 4 * 3_600_000,
  labels: {} as Readonly<Record<string, string>>,
};

/** Time intervals are not inherited; all else is. */
export function inheritRoute(node: RawRoute, parent: typeof DEFAULTS = DEFAULTS): RouteConfig {
  const { raw } = node;
  const names = raw.group_by?.map((each) => each.value);
  const own = {
    receiver: raw.receiver || parent.receiver,
    groupBy: names === undefined ? parent.groupBy : names.includes('...') ? ('all' as const) : names,
    groupWaitMs: raw.group_wait ?? parent.groupWaitMs,
    groupIntervalMs: raw.group_interval ?? parent.groupIntervalMs,
    repeatIntervalMs: raw.repeat_interval ?? parent.repeatIntervalMs,
    labels: { ...parent.labels, ...toRecord(raw.labels) },
  };
  return {
    ...own,
    place: node.place,
    matchers: matchersOf(raw.match, raw.match_re, raw.matchers),
    muteTimeIntervals: (raw.mute_time_intervals ?? []).map((each) => each.value),
    activeTimeIntervals: (raw.active_time_intervals ?? []).map((each) => each.value),
    continue: raw.continue,
    routes: node.routes.map((child) => inheritRoute(child, own)),
  };
}

export function hasMatchers({ raw }: RawRoute): boolean {
  return matchersOf(raw.match, raw.match_re, raw.matchers).length > 0;
}

function matchersOf(...lists: readonly (readonly Matcher[] | undefined)[]): readonly Matcher[] {
  return lists.flatMap((each) => each ?? []).sort(compareMatchers);
}

const source = struct(
  'common.InhibitRuleSource',
  { matchers: field(matcherLines), source_matchers: field(matcherLines), equal: field(texts) },
  (raw, at) => {
    const equal = equalNames(raw.equal, (place, message) => at.fail(place, message), at.of('equal'));
    return { matchers: matchersOf(raw.matchers, raw.source_matchers), equal };
  },
);

const inhibitFields = {
  name: field(text),
  source_match: field(equalMatchers),
  source_match_re: field(patternMatchers),
  source_matchers: field(matcherLines),
  target_match: field(equalMatchers),
  target_match_re: field(patternMatchers),
  target_matchers: field(matcherLines),
  equal: field(texts),
};

/** `strict`: `sources`, which Alertmanager 0.34 does not know, are refused as there. */
export function inhibitRule(strict: boolean): Type<InhibitRuleConfig | undefined> {
  const lenient = { ...inhibitFields, sources: field(list(source)) };
  return struct('common.plain', (strict ? inhibitFields : lenient) as typeof lenient, (raw, at) => {
    const equal = equalNames(raw.equal, (place, message) => at.fail(place, message), at.of('equal'));
    const single = matchersOf(raw.source_match, raw.source_match_re, raw.source_matchers);
    if (raw.sources?.length && single.length > 0) {
      at.fail('sources', 'sources and source_matchers exclude each other: move the latter into sources');
    }
    const sources = (raw.sources ?? []).filter((each) => each !== undefined);
    return {
      name: raw.name || undefined,
      sources: sources.length > 0 ? sources : [{ matchers: single, equal: [] }],
      targetMatchers: matchersOf(raw.target_match, raw.target_match_re, raw.target_matchers),
      equal,
    };
  });
}

function equalNames(
  names: readonly { readonly value: string; readonly place: SourcePlace }[] | undefined,
  fail: (place: SourcePlace, message: string) => void,
  fallback: SourcePlace,
): readonly string[] {
  for (const { value, place } of names ?? []) {
    if (value === '') fail(place.file === '' ? fallback : place, 'invalid label name "" in equal list: write a name');
  }
  return (names ?? []).map((each) => each.value);
}
