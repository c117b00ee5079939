/** JSON and times as Go's encoding/json writes them: `<`, `>` and `&` escaped, a line feed at the end, RFC 3339 times. */
import { compareBytes } from '../labels/compare.ts';
import type { Labels } from '../labels/labels.ts';

export function goJson(value: unknown): string {
  return `${escapeJson(JSON.stringify(value))}\n`;
}

/** Escapes what Go escapes beyond JSON's needs; it stands in strings only. */
export function escapeJson(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An object with the names in byte order, whatever they look like (JavaScript would move `1` to the front). */
export function labelsJson(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

/** A value with the names of every object in it in byte order, as Go writes its maps. */
export function inByteOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inByteOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
  return Object.fromEntries(entries.map(([name, each]) => [name, inByteOrder(each)]));
}

/** RFC 3339 in UTC, the fraction without trailing zeros: `2026-01-02T03:04:05.6Z`. */
export function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}
