/** What type the text of a YAML scalar has, by go-yaml's rules (YAML 1.1's booleans, Go's integers). */
import type { YamlScalar } from './yaml-reader.ts';

export type ScalarMeaning =
  | { readonly tag: '!!null' }
  | { readonly tag: '!!bool'; readonly value: boolean }
  | { readonly tag: '!!int'; readonly value: bigint }
  | { readonly tag: '!!float'; readonly value: number }
  | { readonly tag: '!!str'; readonly value: string }
  | { readonly tag: '!!binary'; readonly value: string | undefined };

const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const NULL = new Set(['', '~', 'null', 'Null', 'NULL']);
/** Under these tags the text still decides; under any other it is a text. */
const RESOLVED = new Set(['!!bool', '!!int', '!!float', '!!timestamp']);
const INFINITE = /^([-+]?)\.(inf|Inf|INF)$/;
const NOT_A_NUMBER = new Set(['.nan', '.NaN', '.NAN']);
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** A `!!binary` that is no base64 has the value undefined. */
export function meaningOf(scalar: YamlScalar): ScalarMeaning {
  const { text, tag } = scalar;
  if (tag === '!!binary') return { tag: '!!binary', value: decodeBase64(text) };
  if (tag === '!!null') return { tag: '!!null' };
  if (tag === undefined ? !scalar.plain : !RESOLVED.has(tag)) return { tag: '!!str', value: text };
  if (NULL.has(text)) return { tag: '!!null' };
  if (TRUE.has(text)) return { tag: '!!bool', value: true };
  if (FALSE.has(text)) return { tag: '!!bool', value: false };
  const infinite = INFINITE.exec(text);
  if (infinite) return { tag: '!!float', value: infinite[1] === '-' ? -Infinity : Infinity };
  if (NOT_A_NUMBER.has(text)) return { tag: '!!float', value: Number.NaN };
  if (text.startsWith('.')) return floatOrText(text, text);
  if (!/^[-+0-9]/.test(text)) return { tag: '!!str', value: text };
  const digits = text.replaceAll('_', '');
  const integer = parseInteger(digits);
  if (integer === undefined) return floatOrText(digits, text);
  return tag === '!!float' ? { tag: '!!float', value: Number(integer) } : { tag: '!!int', value: integer };
}

/** A number too large for a float is a text. */
function floatOrText(digits: string, text: string): ScalarMeaning {
  const value = FLOAT.test(digits) ? Number(digits) : Infinity;
  return Number.isFinite(value) ? { tag: '!!float', value } : { tag: '!!str', value: text };
}

/** What is wrong with an explicit tag that the text does not fit; undefined where nothing is. */
export function tagFault(scalar: YamlScalar): string | undefined {
  const { tag, text } = scalar;
  if (tag === undefined || tag === '!!timestamp' || !RESOLVED.has(tag)) return undefined;
  const found = meaningOf(scalar).tag;
  return found === tag
    ? undefined
    : `cannot decode ${found} \`${text}\` as a ${tag}: correct the value or drop the tag`;
}

/** As go-yaml: only these spellings are null, and a tagged or quoted text is not. */
export function isNull(scalar: YamlScalar): boolean {
  return meaningOf(scalar).tag === '!!null';
}

function parseInteger(digits: string): bigint | undefined {
  const match = INTEGER.exec(digits);
  if (!match) return undefined;
  const octal = /^0[oO]?([0-7]+)$/.exec(match[2]!);
  const magnitude = BigInt(octal ? `0o${octal[1]}` : match[2]!);
  const value = match[1] === '-' ? -magnitude : magnitude;
  return value < -(2n ** 63n) || value >= 2n ** 64n ? undefined : value;
}

function decodeBase64(text: string): string | undefined {
  const compact = text.replace(/[\r\n]/g, '');
  const valid = compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact);
  return valid ? Buffer.from(compact, 'base64').toString('utf8') : undefined;
}
