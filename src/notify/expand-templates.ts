/** Expands the templates within a value of any shape: every string, names included. */
import { parse } from 'yaml';
import type { Rendering } from './template-data.ts';

/** A text that is YAML of something other than a string once expanded becomes that: `{{ toJson .Alerts }}` gives a list. */
export function expandTemplates(value: unknown, rendering: Rendering): unknown {
  if (typeof value === 'string') return structured(rendering.text(value));
  if (Array.isArray(value)) return value.map((each) => expandTemplates(each, rendering));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [rendering.text(name), expandTemplates(each, rendering)]),
  );
}

function structured(text: string): unknown {
  try {
    const value: unknown = parse(text);
    return typeof value === 'string' ? text : value;
  } catch {
    return text;
  }
}
