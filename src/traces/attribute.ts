/** Attribute values of OpenTelemetry as plain ones, and as text. */
import type { AttributeValue } from './trace.ts';

export type Attributes = Readonly<Record<string, AttributeValue>>;

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Key and value as OTLP has them; the value one of `stringValue`, `intValue`, … */
export interface OtlpKeyValue {
  readonly key?: unknown;
  readonly value?: unknown;
}

/** The attributes; what is not shaped like one is left out. The last of a key wins. */
export function attributesOf(list: unknown): Attributes {
  if (!Array.isArray(list) || list.length === 0) return NO_ATTRIBUTES;
  // Without a prototype, a key such as `__proto__` is like any other.
  const attributes: Record<string, AttributeValue> = Object.create(null);
  for (const pair of list as (OtlpKeyValue | null)[]) {
    if (typeof pair?.key === 'string') attributes[pair.key] = plainValue(pair.value);
  }
  return attributes;
}

/** Whole numbers beyond 2^53 stay text, bytes are base64, nested maps JSON. */
function plainValue(value: unknown): AttributeValue {
  if (typeof value !== 'object' || value === null) return '';
  const any = value as Record<string, unknown>;
  if ('stringValue' in any) return String(any['stringValue']);
  if ('boolValue' in any) return any['boolValue'] === true || any['boolValue'] === 'true';
  if ('intValue' in any) return wholeNumber(any['intValue']);
  if ('doubleValue' in any) return Number(any['doubleValue']);
  if ('bytesValue' in any) return String(any['bytesValue']);
  if ('arrayValue' in any) {
    const values = (any['arrayValue'] as { values?: unknown } | null)?.values;
    return Array.isArray(values) ? values.map(plainValue) : [];
  }
  if ('kvlistValue' in any)
    return JSON.stringify(attributesOf((any['kvlistValue'] as { values?: unknown } | null)?.values));
  return '';
}

/** Text for a person, and for comparing: `123` and "123" are the same. */
export function attributeText(value: AttributeValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function wholeNumber(value: unknown): AttributeValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
