/** `watchfire test route`: where alerts go, of labels on the command line or of a file of cases with what is expected. */
import { resolve } from 'node:path';
import { runRouteTest } from '../alerting/route-test.ts';
import { Route, routeStepText } from '../alerting/route-tree.ts';
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import { loadAlertmanagerConfig } from '../config/alertmanager-loader.ts';
import { loadRouteTests } from '../config/route-test-file.ts';
import { Labels } from '../labels/labels.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { printable } from './text-table.ts';

export interface TestRouteFlags {
  readonly receivers?: string;
  readonly cases?: string[];
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
  const { value } = loadAlertmanagerConfig(resolve(context.directory, file));
  return flags.cases === undefined
    ? tryOne(value, labelsOf(pairs), flags.receivers, context)
    : runCases(value, flags.cases, context);
}

/** Prints each route that is tried and why it is taken or not, and the receivers as the last line. */
function tryOne(
  config: AlertmanagerConfig,
  labels: Labels,
  expected: string | undefined,
  context: CommandContext,
): number {
  const root = new Route(config.route);
  for (const step of root.trace(labels)) context.stdout.write(`${printable(routeStepText(step))}\n`);
  const receivers = root.match(labels).map((route) => route.config.receiver);
  context.stdout.write(`${printable(receivers.join(','))}\n`);
  if (expected === undefined) return EXIT.fine;
  const wanted = expected.split(',').map((name) => name.trim());
  if (wanted.join(',') === receivers.join(',')) return EXIT.fine;
  context.stderr.write(`expected ${wanted.join(',')}\n`);
  return EXIT.found;
}

/** Prints `FILE:LINE: …` for each expectation that is not met, and as its last line `N passed, M failed`, counted in cases. */
function runCases(config: AlertmanagerConfig, files: readonly string[], context: CommandContext): number {
  let [passed, failed] = [0, 0];
  for (const file of files) {
    for (const test of loadRouteTests(resolve(context.directory, file))) {
      const failures = runRouteTest(config, test);
      if (failures.length === 0) passed++;
      else failed++;
      const name = test.name === undefined ? '' : `${test.name}: `;
      for (const { place, message, details } of failures) {
        context.stdout.write(printable(`${file}:${place.line}: ${name}${message}`).concat('\n'));
        for (const detail of details) context.stdout.write(`    ${printable(detail)}\n`);
      }
    }
  }
  context.stdout.write(`${passed} passed, ${failed} failed\n`);
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
