/** The labels `__type__` and `__unit__` that Prometheus' feature `type-and-unit-labels` gives to scraped series. */
import type { Metadata } from '../exposition/exemplar.ts';
import type { Labels } from '../labels/labels.ts';

const SUFFIX = /_(?:total|bucket|count|sum|created|info|gcount|gsum)$/;

/** The series' labels with what its family is known to be; a label of these names that the target gives itself does not count. */
export function withTypeAndUnit(labels: Labels, families: ReadonlyMap<string, Metadata>): Labels {
  const name = labels.metricName;
  const family = families.get(name) ?? families.get(name.replace(SUFFIX, ''));
  const plain = labels.without('__type__', '__unit__');
  if (family === undefined) return plain;
  const typed = family.type === 'unknown' ? plain : plain.with('__type__', family.type);
  return family.unit === '' ? typed : typed.with('__unit__', family.unit);
}
