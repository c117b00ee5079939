import { expect, it } from 'vitest';
import type { TargetGroup } from '../../src/config/prometheus-config.ts';
import { Labels } from '../../src/labels/labels.ts';
import { scrapeConfigForTargets } from '../../src/scrape/command-line-targets.ts';
import { TargetBuilder } from '../../src/scrape/target.ts';

function group(source: string, ...addresses: readonly string[]): TargetGroup {
  return { source, targets: addresses.map((each) => Labels.of({ __address__: each })), labels: Labels.EMPTY };
}

it('builds the targets of a changed group alone, in the order of the groups', () => {
  const builder = new TargetBuilder(scrapeConfigForTargets([]));
  const [first, second] = [group('a', 'x:1', 'y:1'), group('b', 'z:1', '/')];
  const before = builder.build([first, second]);
  const after = builder.build([group('c', 'w:1'), second, first]);
  expect(after.targets.map(({ url }) => url)).toEqual(['w', 'z', 'x', 'y'].map((host) => `http://${host}:1/metrics`));
  expect(after.targets[1]).toBe(before.targets[2]);
  expect(after.targets[2]).toBe(before.targets[0]);
  expect(after.faults).toEqual(['instance 1 in group b: "/" is not a valid hostname']);
  expect(builder.build([first]).faults).toEqual([]);
});

it('takes equal targets of two groups for one, as the last one has it', () => {
  const builder = new TargetBuilder(scrapeConfigForTargets([]));
  const labelled = { ...group('b', 'x:1'), labels: Labels.of({ __meta_group: 'b' }) };
  const { targets } = builder.build([group('a', 'x:1'), labelled]);
  expect(targets.map(({ discoveredLabels }) => discoveredLabels.get('__meta_group'))).toEqual(['b']);
});
