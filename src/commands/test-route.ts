/** `watchfire test route`: where alerts go, of labels on the command line or of a file of cases with what is expected. */
import { runRouteTest } from '../alerting/route-test.ts';
import { matchersText, Route, type RouteStep, routeStepText } from '../alerting/route-tree.ts';
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import { loadAlertmanagerConfig } from '../config/alertmanager-loader.ts';
import { loadRouteTests } from '../config/route-test-file.ts';
import { Labels } from '../labels/labels.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import { type CommandContext, EXIT, namedPath, UsageError } from './context.ts';
import { printable } from './text-table.ts';

export interface TestRouteFlags {
  readonly receivers?: string;
  readonly cases?: string[];
  readonly json?: boolean;
}

export async function testRoute(
  file: string,
  pairs: readonly string[],
  flags: TestRouteFlags,
  context: CommandContext,
): Promise<number> {
  if ((flags.cases === undefined) === (pairs.length === 0)) {
    throw new UsageError('give the labels of one alert (severity=critical), or --cases FILE');
  }
  const { value } = loadAlertmanagerConfig(namedPath(file, context));
  return flags.cases === undefined
    ? tryOne(value, labelsOf(pairs), flags, context)
    : runCases(value, flags.cases, flags.json ?? false, context);
}

/** Prints each route that is tried and why it is taken or not, and the receivers as the last line; or all of it as JSON. */
function tryOne(
  config: AlertmanagerConfig,
  labels: Labels,
  { receivers: expected, json }: TestRouteFlags,
  context: CommandContext,
): number {
  const root = new Route(config.route);
  const steps = root.trace(labels);
  const receivers = root.match(labels).map((route) => route.config.receiver);
  if (json) context.stdout.write(`${JSON.stringify({ labels, receivers, routes: steps.map(stepJson) })}\n`);
  else {
    for (const step of steps) context.stdout.write(`${printable(routeStepText(step))}\n`);
    context.stdout.write(`${printable(receivers.join(','))}\n`);
  }
  if (expected === undefined) return EXIT.fine;
  const wanted = expected.split(',').map((name) => name.trim());
  if (wanted.join(',') === receivers.join(',')) return EXIT.fine;
  context.stderr.write(`expected ${wanted.join(',')}\n`);
  return EXIT.found;
}

function stepJson({ route, depth, outcome }: RouteStep): object {
  const { matchers, place, receiver } = route.config;
  return { matchers: matchersText(matchers), file: place.file, line: place.line, depth, outcome, receiver };
}

/**
 * Prints `FILE:LINE: …` for each expectation that is not met, and as its last line `N passed, M failed`, counted in cases; or
 * each case as JSON.
 */
function runCases(
  config: AlertmanagerConfig,
  files: readonly string[],
  json: boolean,
  context: CommandContext,
): number {
  let [passed, failed] = [0, 0];
  for (const file of files) {
    for (const test of loadRouteTests(namedPath(file, context))) {
      const failures = runRouteTest(config, test);
      if (failures.length === 0) passed++;
      else failed++;
      if (json) {
        const told = failures.map(({ place, message, details }) => ({ line: place.line, message, details }));
        const result = { file, name: test.name, passed: failures.length === 0, failures: told };
        context.stdout.write(`${JSON.stringify(result)}\n`);
        continue;
      }
      const name = test.name === undefined ? '' : `${test.name}: `;
      for (const { place, message, details } of failures) {
        context.stdout.write(printable(`${file}:${place.line}: ${name}${message}`).concat('\n'));
        for (const detail of details) context.stdout.write(`    ${printable(detail)}\n`);
      }
    }
  }
  if (!json) context.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? EXIT.fine : EXIT.found;
}

function labelsOf(pairs: readonly string[]): Labels {
  return Labels.fromPairs(
    pairs.map((pair) => {
      const matcher = parseMatcher(pair);
      if (matcher.operator !== '=') throw new UsageError(`${pair} is no label: write name=value`);
      return [matcher.name, matcher.value];
    }),
  );
}
