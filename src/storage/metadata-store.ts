/** Metadata of metric families: what the targets say, the newest first, a bounded number for each family. */
import type { Metadata } from '../exposition/exemplar.ts';

const MOST_PER_FAMILY = 10;

export class MetadataStore {
  readonly #families = new Map<string, Metadata[]>();

  /** Whether this was news. */
  set(metricName: string, metadata: Metadata): boolean {
    const known = this.#families.get(metricName);
    if (known === undefined) {
      this.#families.set(metricName, [metadata]);
      return true;
    }
    const at = known.findIndex(
      (each) => each.type === metadata.type && each.help === metadata.help && each.unit === metadata.unit,
    );
    if (at === 0) return false;
    if (at > 0) known.splice(at, 1);
    known.unshift(metadata);
    if (known.length > MOST_PER_FAMILY) known.length = MOST_PER_FAMILY;
    return at < 0;
  }

  all(): ReadonlyMap<string, readonly Metadata[]> {
    return this.#families;
  }

  of(metricName: string): ReadonlyMap<string, readonly Metadata[]> {
    const known = this.#families.get(metricName);
    return new Map(known === undefined ? [] : [[metricName, known]]);
  }
}
