/** A text that is equal for configurations that mean the same, wherever in a file they stand. */
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import { Secret } from '../config/secret.ts';

/** Holds secrets: never to be shown. */
export function configKey(config: unknown): string {
  return JSON.stringify(plain(config));
}

/** As `configKey`, of everything but how targets are found. */
export function scrapeKey(config: ScrapeConfig): string {
  return configKey({ ...config, discoveries: [] });
}

function plain(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if ('toJSON' in value) return value;
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!NOT_MEANT.has(name)) fields[name] = plain(field);
  }
  return fields;
}

/** Where it stands, and what is made from the pattern beside it. */
const NOT_MEANT = new Set(['place', 'compiled']);
