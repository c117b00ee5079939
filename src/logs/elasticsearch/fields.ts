/** Which of the names by which loggers call a thing an index has, and of which type they are. */
import { LEVEL_FIELDS, SERVICE_FIELDS, TRACE_FIELDS } from '../structured-record.ts';
import { type ElasticsearchClient, ElasticsearchError } from './client.ts';

/** The indices in which a field has a type: all of the pattern, or those that are named. */
export type Where = 'everywhere' | readonly string[];

/** How a field can be asked for; indices of one pattern may have it in several types. */
export interface FieldUse {
  /** Values are compared whole. */
  readonly exact?: Where;
  /** Values are compared as text of their type: dates, addresses, truth values. */
  readonly typed?: Where;
  readonly number?: Where;
  /** Values are split into words. */
  readonly text?: Where;
}

export interface LogFields {
  /** Of each field that is there. */
  readonly uses: ReadonlyMap<string, FieldUse>;
  /** Fields that values can be counted by, of the services' names, and the indices where they can. */
  readonly serviceFields: readonly { readonly name: string; readonly where: Where }[];
  /** Some indices keep the time in milliseconds and others in nanoseconds: sorting must be told. */
  readonly mixedTimes: boolean;
}

const KINDS: Readonly<Record<keyof FieldUse, readonly string[]>> = {
  exact: ['keyword', 'constant_keyword', 'wildcard', 'version'],
  typed: ['ip', 'boolean', 'date', 'date_nanos'],
  number: ['long', 'integer', 'short', 'byte', 'double', 'float', 'half_float', 'scaled_float', 'unsigned_long'],
  text: ['text', 'match_only_text', 'annotated_text'],
};
const KIND_OF = new Map(
  Object.entries(KINDS).flatMap(([kind, types]) => types.map((type) => [type, kind as keyof FieldUse] as const)),
);

/**
 * Asks for the fields that queries may need (`_field_caps`); `further` are those of the query at hand. Where that may
 * not be asked, every name is taken to be there as it is and as `NAME.keyword`: a field that is not matches nothing.
 */
export async function findLogFields(
  client: ElasticsearchClient,
  index: string,
  timestampField: string,
  further: readonly string[],
  signal?: AbortSignal,
): Promise<LogFields> {
  const names = [...LEVEL_FIELDS, ...SERVICE_FIELDS, ...TRACE_FIELDS, ...further];
  const asked = [timestampField, ...names, ...names.map((name) => `${name}.keyword`)];
  const request = client.request(
    {
      method: 'POST',
      path: `/${encodeURIComponent(index)}/_field_caps`,
      parameters: { fields: [...new Set(asked)].join(','), ignore_unavailable: true, allow_no_indices: true },
    },
    signal,
  );
  const answer = await request.catch((error: unknown) => {
    if (error instanceof ElasticsearchError && isNotToBeAsked(error)) return undefined;
    throw error;
  });
  if (answer === undefined) {
    const uses = new Map(asked.map((name) => [name, { exact: 'everywhere' } as const]));
    const serviceFields = ['service.name', 'service.keyword'].map((name) => ({ name, where: 'everywhere' as const }));
    return { uses, serviceFields, mixedTimes: false };
  }
  const uses = new Map<string, FieldUse>();
  const found = (answer['fields'] ?? {}) as Record<string, FieldTypes>;
  for (const [name, types] of Object.entries(found)) {
    const use = kindsOf(types);
    if (Object.keys(use).length > 0) uses.set(name, use);
  }
  const serviceFields = SERVICE_FIELDS.flatMap((name) => [name, `${name}.keyword`]).flatMap((name) => {
    const where = uses.get(name)?.exact;
    return where === undefined ? [] : [{ name, where }];
  });
  const timeTypes = Object.keys(found[timestampField] ?? {});
  return { uses, serviceFields, mixedTimes: timeTypes.includes('date') && timeTypes.includes('date_nanos') };
}

/** By type; `indices` are named only where there are several types. */
type FieldTypes = Readonly<Record<string, { readonly searchable?: boolean; readonly indices?: readonly string[] }>>;

function kindsOf(types: FieldTypes): FieldUse {
  const use: { -readonly [Kind in keyof FieldUse]: FieldUse[Kind] } = {};
  for (const [type, { searchable, indices }] of Object.entries(types)) {
    const kind = KIND_OF.get(type);
    if (kind === undefined || searchable === false) continue;
    const before = use[kind] ?? [];
    use[kind] = before === 'everywhere' || !Array.isArray(indices) ? 'everywhere' : [...before, ...indices];
  }
  return use;
}

function isNotToBeAsked({ status, type }: ElasticsearchError): boolean {
  return type !== 'index_not_found_exception' && [400, 403, 404, 405].includes(status);
}
