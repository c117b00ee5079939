/** Configurations for tests, built from the few fields that matter to them; everything else has Alertmanager's default. */
import type {
  AlertmanagerConfig,
  InhibitRuleConfig,
  IntegrationConfig,
  NamedTimeInterval,
  ReceiverConfig,
  RouteConfig,
} from '../../src/config/alertmanager-config.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import { parseMatcher } from '../../src/labels/matcher-parser.ts';

const PLACE = { file: 'alertmanager.yml', line: 1, column: 1 };

export interface SimpleRoute {
  readonly receiver?: string;
  readonly groupBy?: readonly string[] | 'all';
  readonly matchers?: readonly string[];
  readonly mute?: readonly string[];
  readonly active?: readonly string[];
  readonly continue?: boolean;
  readonly waitMs?: number;
  readonly intervalMs?: number;
  readonly repeatMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly routes?: readonly SimpleRoute[];
}

export function route(simple: SimpleRoute, parent?: RouteConfig): RouteConfig {
  const own: RouteConfig = {
    place: PLACE,
    receiver: simple.receiver ?? parent?.receiver ?? 'default',
    groupBy: simple.groupBy ?? parent?.groupBy ?? [],
    matchers: (simple.matchers ?? []).map(parseMatcher),
    muteTimeIntervals: simple.mute ?? [],
    activeTimeIntervals: simple.active ?? [],
    continue: simple.continue ?? false,
    groupWaitMs: simple.waitMs ?? parent?.groupWaitMs ?? 30_000,
    groupIntervalMs: simple.intervalMs ?? parent?.groupIntervalMs ?? 300_000,
    repeatIntervalMs: simple.repeatMs ?? parent?.repeatIntervalMs ?? 4 * 3_600_000,
    labels: { ...parent?.labels, ...simple.labels },
    routes: [],
  };
  return { ...own, routes: (simple.routes ?? []).map((child) => route(child, own)) };
}

export function integration(
  kind: IntegrationConfig['kind'],
  fields: Readonly<Record<string, unknown>>,
  sendResolved = true,
  index = 0,
): IntegrationConfig {
  return { kind, place: PLACE, index, sendResolved, http: defaultHttpClientConfig, fields };
}

export function receiver(name: string, integrations: readonly IntegrationConfig[]): ReceiverConfig {
  return { name, place: PLACE, integrations };
}

export function inhibitRule(
  source: readonly string[],
  target: readonly string[],
  equal: readonly string[],
): InhibitRuleConfig {
  return {
    sources: [{ matchers: source.map(parseMatcher), equal: [] }],
    targetMatchers: target.map(parseMatcher),
    equal,
  };
}

export function config(parts: {
  readonly route: SimpleRoute;
  readonly receivers: readonly ReceiverConfig[];
  readonly inhibitRules?: readonly InhibitRuleConfig[];
  readonly timeIntervals?: readonly NamedTimeInterval[];
  readonly resolveTimeoutMs?: number;
  readonly templates?: readonly string[];
}): AlertmanagerConfig {
  return {
    file: 'alertmanager.yml',
    redactedText: 'route: {}\n',
    resolveTimeoutMs: parts.resolveTimeoutMs ?? 300_000,
    smtpTls: { insecureSkipVerify: false },
    route: route(parts.route),
    receivers: parts.receivers,
    inhibitRules: parts.inhibitRules ?? [],
    timeIntervals: parts.timeIntervals ?? [],
    templates: parts.templates ?? [],
  };
}
