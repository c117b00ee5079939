/** Which of the names by which loggers call a thing an index has, and of which type they are. */
import { LEVEL_FIELDS, SERVICE_FIELDS, TRACE_FIELDS } from '../structured-record.ts';
import { type ElasticsearchClient, ElasticsearchError } from './client.ts';

export type FieldUse = 'exact' | 'number' | 'text';

export interface LogFields {
  /** How to query each field that is there: exactly, as a number or by analysed text. */
  readonly uses: ReadonlyMap<string, FieldUse>;
  /** Fields that values can be counted by, of the services' names. */
  readonly serviceFields: readonly string[];
}

const EXACT = new Set(['keyword', 'constant_keyword', 'wildcard', 'ip', 'boolean', 'date', 'date_nanos', 'version']);
const TEXT = new Set(['text', 'match_only_text', 'annotated_text']);

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
    return { uses: new Map(asked.map((name) => [name, 'exact'])), serviceFields: ['service.name', 'service.keyword'] };
  }
  const uses = new Map<string, FieldUse>();
  const found = (answer['fields'] ?? {}) as Record<string, Record<string, { searchable?: boolean }>>;
  for (const [name, types] of Object.entries(found)) {
    const searchable = Object.entries(types).filter(([, type]) => type.searchable !== false);
    const use = kindOf(searchable.map(([type]) => type));
    if (use !== undefined) uses.set(name, use);
  }
  const serviceFields = SERVICE_FIELDS.flatMap((name) => exactNames(name, uses).slice(0, 1));
  return { uses, serviceFields };
}

/** The names under which a field can be asked for exactly: its own, and its keyword's. */
export function exactNames(name: string, uses: LogFields['uses']): readonly string[] {
  return [name, `${name}.keyword`].filter((each) => uses.get(each) === 'exact');
}

function isNotToBeAsked({ status, type }: ElasticsearchError): boolean {
  return type !== 'index_not_found_exception' && [400, 403, 404, 405].includes(status);
}

/** Where indices differ, what works for all of them: text is asked by match, which keywords understand as well. */
function kindOf(types: readonly string[]): FieldUse | undefined {
  if (types.some((type) => TEXT.has(type))) return 'text';
  if (types.some((type) => EXACT.has(type))) return 'exact';
  return types.some((type) =>
    /^(long|integer|short|byte|double|float|half_float|scaled_float|unsigned_long)$/.test(type),
  )
    ? 'number'
    : undefined;
}
