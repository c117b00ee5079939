/** One value of any kind under a verb of Go's `fmt`; maps, slices and structs print what they hold in the same way. */
import { quote } from '../labels/labels.ts';
import { type Directive, PLAIN, pad } from './directive.ts';
import { formatFloatValue, formatInt } from './format-number.ts';
import { asInt, asString, entriesOf, fieldsOf, kindOf, stringerText, typeName } from './values.ts';

/** One value under a verb. `top`: not inside of another value, where strings of named types print themselves alike. */
export function formatValue(value: unknown, verb: string, directive: Directive, top: boolean): string {
  if (verb === 'T') return pad(typeName(value), directive);
  const kind = kindOf(value);
  if (kind === 'nil') return verb === 'v' ? pad('<nil>', directive) : `%!${verb}(<nil>)`;
  if ('vsxXq'.includes(verb) && !(verb === 'v' && directive.sharp)) {
    const text = stringerText(value);
    if (text !== undefined) return formatString(text, verb, directive) ?? '';
  }
  let text: string | undefined;
  if (kind === 'bool') text = 'tv'.includes(verb) ? pad(String(value), directive) : undefined;
  else if (kind === 'int') text = formatInt(asInt(value), verb, directive);
  else if (kind === 'float') text = formatFloatValue(value as number, verb, directive);
  else if (kind === 'string') text = formatString(asString(value), verb, directive);
  else if (kind === 'func') text = verb === 'v' ? 'func()' : undefined;
  else return formatComposite(value as object, verb, directive);
  if (text !== undefined) return text;
  return `%!${verb}(${typeName(value)}=${top ? formatValue(value, 'v', PLAIN, false) : String(value)})`;
}

function formatComposite(value: object, verb: string, directive: Directive): string {
  const inner = (each: unknown): string => formatValue(each, verb, directive, false);
  const goSyntax = verb === 'v' && directive.sharp;
  const separator = goSyntax ? ', ' : ' ';
  if (Array.isArray(value)) {
    const elements = value.map(inner).join(separator);
    return goSyntax ? `${typeName(value)}{${elements}}` : `[${elements}]`;
  }
  if (kindOf(value) === 'map') {
    const entries = entriesOf(value).map(([key, each]) => `${inner(key)}:${inner(each)}`);
    return goSyntax ? `${typeName(value)}{${entries.join(', ')}}` : `map[${entries.join(' ')}]`;
  }
  const fields = fieldsOf(value).map((name) => {
    const text = inner((value as Record<string, unknown>)[name]);
    return directive.plus || goSyntax ? `${name}:${text}` : text;
  });
  return `${goSyntax ? typeName(value) : ''}{${fields.join(separator)}}`;
}

function formatString(value: string, verb: string, directive: Directive): string | undefined {
  const cut =
    directive.precision === undefined || verb === 'T' ? value : [...value].slice(0, directive.precision).join('');
  switch (verb) {
    case 'v':
      return pad(directive.sharp ? quote(cut) : cut, directive);
    case 's':
      return pad(cut, directive);
    case 'q':
      return pad(quoted(cut, directive), directive);
    case 'x':
    case 'X':
      return pad(hexBytes(value, verb, directive), directive);
    default:
      return undefined;
  }
}

function quoted(text: string, directive: Directive): string {
  if (directive.sharp && !/[`\x00-\x08\x0a-\x1f\x7f]/.test(text)) return `\`${text}\``;
  const written = quote(text);
  return directive.plus ? written.replace(/[^\x00-\x7f]/gu, asciiEscape) : written;
}

function asciiEscape(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

function hexBytes(value: string, verb: string, directive: Directive): string {
  const bytes = [...Buffer.from(value)].slice(0, directive.precision);
  const prefix = directive.sharp ? '0x' : '';
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
  const text = directive.space
    ? digits.map((each) => prefix + each).join(' ')
    : (digits.length > 0 ? prefix : '') + digits.join('');
  return verb === 'X' ? text.toUpperCase() : text;
}
