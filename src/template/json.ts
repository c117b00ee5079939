/** Go's `json.Marshal` of template values: keys sorted, `<`, `>` and `&` escaped. */
import { Time } from './time.ts';
import { asString, entriesOf, fieldsOf, kindOf, NamedInt, typeName } from './values.ts';

/** Throws Go's text where a value has no JSON. */
export function marshalJson(value: unknown): string {
  switch (kindOf(value)) {
    case 'nil':
      return 'null';
    case 'bool':
      return String(value);
    case 'int':
      return String(value instanceof NamedInt ? value.value : value);
    case 'float':
      if (!Number.isFinite(value)) throw new Error(`json: unsupported value: ${formatSpecial(value as number)}`);
      return JSON.stringify(value);
    case 'string':
      return marshalString(asString(value));
    case 'slice':
      return `[${Array.from(value as unknown[], marshalJson).join(',')}]`;
    case 'map':
      return marshalEntries(entriesOf(value as object).map(([key, each]) => [String(key), each]));
    case 'struct':
      if (value instanceof Time) return marshalString(value.toJSON());
      return marshalEntries(jsonFields(value as object));
    case 'func':
      throw new Error(`json: unsupported type: ${typeName(value)}`);
  }
}

function marshalEntries(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${marshalString(key)}:${marshalJson(value)}`).join(',')}}`;
}

/** A struct's fields under their JSON names: its class' `jsonNames`, or the name with a small first letter. */
function jsonFields(struct: object): [string, unknown][] {
  const names = (struct.constructor as { readonly jsonNames?: Readonly<Record<string, string>> } | undefined)
    ?.jsonNames;
  return fieldsOf(struct).map((field) => [
    names?.[field] ?? field.charAt(0).toLowerCase() + field.slice(1),
    (struct as Record<string, unknown>)[field],
  ]);
}

function marshalString(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function formatSpecial(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
