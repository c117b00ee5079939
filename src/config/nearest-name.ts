/** What to say of a name that nobody knows: the known one that it was perhaps meant to be. */

export function adviseName(key: string, names: readonly string[]): string {
  const [best] = nearestNames(key, names);
  return best === undefined ? 'remove it or check where it belongs' : `did you mean ${best}?`;
}

/** Those of the names that differ from the key in few letters, the nearest first. */
export function nearestNames(key: string, names: readonly string[]): string[] {
  const most = Math.max(2, Math.floor(key.length / 3));
  return names
    .map((name) => ({ name, distance: editDistance(key, name) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 6 || a.length > 60) return 99;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
