/** Compares what a unit test of rules got with what it expects, and says in lines what differs. */
import type { Labels } from '../../labels/labels.ts';
import { formatFloat } from '../../template/float.ts';

export interface ComparedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface ComparedSample {
  readonly labels: Labels;
  readonly value: number;
  /** In the notation of input series; empty for a float. */
  readonly histogram: string;
}

/** The differences, each in lines `- expected` and `+ got`; empty where the alerts are the same in any order. */
export function compareAlerts(expected: readonly ComparedAlert[], got: readonly ComparedAlert[]): string[] {
  const { missing, surplus } = unmatched(expected, got, sameAlert);
  const lines: string[] = [];
  for (const alert of missing) {
    // The likeliest counterpart has the same labels, and other annotations.
    const index = surplus.findIndex((each) => each.labels.equals(alert.labels));
    if (index < 0) {
      lines.push(`- ${alert.labels} annotations ${alert.annotations}`);
      continue;
    }
    const [other] = surplus.splice(index, 1);
    lines.push(`  ${alert.labels}`, ...differingPairs(alert.annotations, other!.annotations));
  }
  lines.push(...surplus.map((alert) => `+ ${alert.labels} annotations ${alert.annotations}`));
  return lines;
}

/** As compareAlerts. `fuzzy`: values may differ by one step of the last bit. */
export function compareSamples(
  expected: readonly ComparedSample[],
  got: readonly ComparedSample[],
  fuzzy: boolean,
): string[] {
  const same = (a: ComparedSample, b: ComparedSample): boolean =>
    a.labels.equals(b.labels) &&
    a.histogram === b.histogram &&
    (a.value === b.value || (fuzzy && areNeighbours(a.value, b.value)));
  const { missing, surplus } = unmatched(expected, got, same);
  const hint = expected.some(({ value }) => Number.isNaN(value)) && missing.length > 0 ? [NAN_HINT] : [];
  const byLabels = (a: ComparedSample, b: ComparedSample): number => a.labels.compare(b.labels);
  return [
    ...missing.sort(byLabels).map((sample) => `- ${writtenSample(sample)}`),
    ...surplus.sort(byLabels).map((sample) => `+ ${writtenSample(sample)}`),
    ...hint,
  ];
}

const NAN_HINT = '(NaN is equal to nothing, not even to NaN: test it with an expression such as `x != x`)';

function unmatched<T>(
  expected: readonly T[],
  got: readonly T[],
  same: (a: T, b: T) => boolean,
): { readonly missing: T[]; readonly surplus: T[] } {
  const surplus = [...got];
  const missing: T[] = [];
  for (const each of expected) {
    const index = surplus.findIndex((other) => same(each, other));
    if (index < 0) missing.push(each);
    else surplus.splice(index, 1);
  }
  return { missing, surplus };
}

function sameAlert(a: ComparedAlert, b: ComparedAlert): boolean {
  return a.labels.equals(b.labels) && a.annotations.equals(b.annotations);
}

function differingPairs(expected: Labels, got: Labels): string[] {
  const names = new Set([...expected.names, ...got.names]);
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    if (expected.has(name) && got.has(name) && expected.get(name) === got.get(name)) continue;
    if (expected.has(name)) lines.push(`-   ${name}: ${JSON.stringify(expected.get(name))}`);
    if (got.has(name)) lines.push(`+   ${name}: ${JSON.stringify(got.get(name))}`);
  }
  return lines;
}

function writtenSample({ labels, value, histogram }: ComparedSample): string {
  return `${labels.toSelector()} ${histogram === '' ? formatFloat(value, 'g', -1) : histogram}`;
}

/** Whether one step of the last bit leads from one to the other. */
function areNeighbours(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return false;
  const distance = ordered(a) - ordered(b);
  return distance === 1n || distance === -1n;
}

/** Integers in the order of the floats, one apart for neighbours. */
function ordered(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits;
}
