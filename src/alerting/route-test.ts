/** What an Alertmanager configuration does with alerts that fire together, and whether that is what a test case expects. */
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import type { SourcePlace } from '../config/prometheus-config.ts';
import type { RouteTestAlert, RouteTestCase } from '../config/route-test-file.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import { ZERO_TIME_MS } from './alert.ts';
import { Inhibitor } from './inhibitor.ts';
import type { Alert } from './model.ts';
import { labelSetText, Route, routeStepText } from './route-tree.ts';
import { mutingIntervals } from './time-interval.ts';

export interface RouteTestFailure {
  readonly place: SourcePlace;
  /** One line. */
  readonly message: string;
  /** What led there, e.g. the routes that were tried. */
  readonly details: readonly string[];
}

export function runRouteTest(config: AlertmanagerConfig, test: RouteTestCase): readonly RouteTestFailure[] {
  const root = new Route(config.route);
  const inhibitor = new Inhibitor(config.inhibitRules);
  for (const { labels } of test.alerts) inhibitor.observe(firing(labels));
  return test.alerts.flatMap((alert) => [
    ...checkReceivers(alert, root),
    ...checkInhibition(alert, inhibitor),
    ...checkMuting(alert, root, config, test.atMs),
  ]);
}

function checkReceivers({ labels, receivers, receiversPlace }: RouteTestAlert, root: Route): RouteTestFailure[] {
  if (receivers === undefined) return [];
  const actual = root.match(labels).map((route) => route.config.receiver);
  if (sameMembers(actual, receivers)) return [];
  return [
    {
      place: receiversPlace,
      message: `${labelSetText(labels)} goes to ${listed(actual)}, expected ${listed(receivers)}`,
      details: root.trace(labels).map(routeStepText),
    },
  ];
}

function checkInhibition(
  { labels, inhibitedBy, inhibitedByPlace }: RouteTestAlert,
  inhibitor: Inhibitor,
): RouteTestFailure[] {
  if (inhibitedBy === undefined) return [];
  const inhibitions = inhibitor.inhibitions(labels, 0);
  const sources = [...new Set(inhibitions.flatMap((inhibition) => inhibition.sources))];
  const fits = (wanted: Labels, source: Alert): boolean =>
    [...wanted].every(([name, value]) => source.labels.get(name) === value);
  const asExpected =
    sources.every((source) => inhibitedBy.some((wanted) => fits(wanted, source))) &&
    inhibitedBy.every((wanted) => sources.some((source) => fits(wanted, source)));
  if (asExpected) return [];
  const texts = (sets: readonly Labels[]): string =>
    sets.length === 0 ? 'nothing' : sets.map(labelSetText).join(', ');
  return [
    {
      place: inhibitedByPlace,
      message: `${labelSetText(labels)} is inhibited by ${texts(sources.map((source) => source.labels))}, expected ${texts(inhibitedBy)}`,
      details: inhibitions.map(
        ({ rule, index, sources: found }) =>
          `rule ${rule.name ?? index + 1}: inhibited by ${texts(found.map((source) => source.labels))}`,
      ),
    },
  ];
}

function checkMuting(
  { labels, mutedBy, mutedByPlace }: RouteTestAlert,
  root: Route,
  { timeIntervals }: AlertmanagerConfig,
  atMs: number | undefined,
): RouteTestFailure[] {
  if (mutedBy === undefined || atMs === undefined) return [];
  const defined = new Map(timeIntervals.map((interval) => [interval.name, interval]));
  const actual = [
    ...new Set(
      root.match(labels).flatMap((route) => mutingIntervals(defined, route.config, atMs).map(({ name }) => name)),
    ),
  ];
  if (sameMembers(actual, mutedBy)) return [];
  const message = `${labelSetText(labels)} is muted by ${listed(actual)} at ${new Date(atMs).toISOString()}, expected ${listed(mutedBy)}`;
  return [{ place: mutedByPlace, message, details: [] }];
}

function firing(labels: Labels): Alert {
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations: Labels.EMPTY,
    startsAtMs: 0,
    endsAtMs: ZERO_TIME_MS,
    updatedAtMs: 0,
    generatorUrl: '',
  };
}

/** The same names as often, in whatever order. */
function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
