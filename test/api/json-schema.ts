/** As much of JSON schema as the OpenAPI descriptions use. */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** What does not fit, each with its path; empty where all does. */
export function schemaFaults(root: unknown, schema: Schema, value: unknown, path = '$'): string[] {
  if (schema.$ref) {
    const found = schema.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], root);
    return schemaFaults(root, found as Schema, value, path);
  }
  const faults: string[] = [];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && !choices.some((choice) => schemaFaults(root, choice, value, path).length === 0)) {
    faults.push(`${path}: fits none of the choices`);
  }
  for (const part of schema.allOf ?? []) faults.push(...schemaFaults(root, part, value, path));
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type)))
    faults.push(`${path}: is no ${types.join(' or ')}`);
  if (schema.enum && !schema.enum.includes(value))
    faults.push(`${path}: ${String(value)} is none of ${schema.enum.join(', ')}`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const itemSchema = schema.prefixItems?.[index] ?? schema.items;
      if (itemSchema && itemSchema !== true) faults.push(...schemaFaults(root, itemSchema, item, `${path}[${index}]`));
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const name of schema.required ?? []) if (!(name in value)) faults.push(`${path}: lacks ${name}`);
    for (const [name, item] of Object.entries(value)) {
      const known = schema.properties?.[name];
      if (known) faults.push(...schemaFaults(root, known, item, `${path}.${name}`));
      else if (schema.additionalProperties === false) faults.push(`${path}: has ${name}`);
      else if (typeof schema.additionalProperties === 'object') {
        faults.push(...schemaFaults(root, schema.additionalProperties, item, `${path}.${name}`));
      }
    }
  }
  return faults;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
