/** Go's `fmt`: `Sprint`, `Sprintln` and `Sprintf` over template values, wrong verbs and missing arguments marked as Go marks them. One file because values nest and every kind prints every other. */
import { quote } from '../labels/labels.ts';
import { type FloatVerb, formatFloat } from './float.ts';
import { asInt, asString, entriesOf, fieldsOf, kindOf, NamedInt, stringerText, typeName } from './values.ts';

/** `fmt.Sprint`: a space between two operands where neither is a string. */
export function sprint(args: readonly unknown[]): string {
  let out = '';
  for (const [index, arg] of args.entries()) {
    if (index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string') out += ' ';
    out += formatValue(arg, 'v', PLAIN, true);
  }
  return out;
}

/** `fmt.Sprintln`. */
export function sprintln(args: readonly unknown[]): string {
  return `${args.map((arg) => formatValue(arg, 'v', PLAIN, true)).join(' ')}\n`;
}

/** `fmt.Sprintf`. A width or precision is bounded as by Go. */
export function sprintf(format: string, args: readonly unknown[]): string {
  return new Printer(format, args).run();
}

interface Directive {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const PLAIN: Directive = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

/** Go refuses wider fields than this. */
const WIDEST = 1_000_000;

class Printer {
  readonly #format: string;
  readonly #args: readonly unknown[];
  #at = 0;
  #next = 0;
  #reordered = false;
  #badIndex = false;

  constructor(format: string, args: readonly unknown[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    let out = '';
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf('%', this.#at);
      if (percent < 0) {
        out += this.#format.slice(this.#at);
        break;
      }
      out += this.#format.slice(this.#at, percent);
      this.#at = percent + 1;
      out += this.#directive();
    }
    if (!this.#reordered && this.#next < this.#args.length) {
      const extra = this.#args
        .slice(this.#next)
        .map((arg) => (kindOf(arg) === 'nil' ? '<nil>' : `${typeName(arg)}=${formatValue(arg, 'v', PLAIN, true)}`));
      out += `%!(EXTRA ${extra.join(', ')})`;
    }
    return out;
  }

  #directive(): string {
    let note = '';
    this.#badIndex = false;
    const flags = /[-+# 0]*/y;
    flags.lastIndex = this.#at;
    const flagText = flags.exec(this.#format)![0];
    this.#at += flagText.length;
    let minus = flagText.includes('-');
    let indexed = this.#argumentIndex();
    let width: number | undefined;
    if (this.#format[this.#at] === '*') {
      this.#at++;
      width = this.#starArgument();
      if (width === undefined) note += '%!(BADWIDTH)';
      else if (width < 0) {
        minus = true;
        width = -width;
      }
      indexed = false;
    } else {
      width = this.#number();
      if (indexed && width !== undefined) this.#badIndex = true;
    }
    let precision: number | undefined;
    if (this.#format[this.#at] === '.') {
      this.#at++;
      if (indexed) this.#badIndex = true;
      indexed = this.#argumentIndex();
      if (this.#format[this.#at] === '*') {
        this.#at++;
        precision = this.#starArgument();
        if (precision === undefined || precision < 0) {
          if (precision === undefined) note += '%!(BADPREC)';
          precision = undefined;
        }
        indexed = false;
      } else precision = this.#number() ?? 0;
    }
    if (!indexed) this.#argumentIndex();
    const code = this.#format.codePointAt(this.#at);
    if (code === undefined) return `${note}%!(NOVERB)`;
    const verb = String.fromCodePoint(code);
    this.#at += verb.length;
    if (verb === '%') return `${note}%`;
    if (this.#badIndex) return `${note}%!${verb}(BADINDEX)`;
    if (this.#next >= this.#args.length) return `${note}%!${verb}(MISSING)`;
    const directive: Directive = {
      minus,
      plus: flagText.includes('+'),
      sharp: flagText.includes('#'),
      space: flagText.includes(' '),
      zero: flagText.includes('0') && !minus,
      width,
      precision,
    };
    return note + formatValue(this.#args[this.#next++], verb, directive, true);
  }

  #number(): number | undefined {
    const digits = /\d+/y;
    digits.lastIndex = this.#at;
    const text = digits.exec(this.#format)?.[0];
    if (text === undefined) return undefined;
    this.#at += text.length;
    const value = Number(text);
    return value > WIDEST ? undefined : value;
  }

  /** `[n]`: which argument comes next. True where one was there. */
  #argumentIndex(): boolean {
    if (this.#format[this.#at] !== '[') return false;
    this.#reordered = true;
    const close = this.#format.indexOf(']', this.#at);
    if (close < 0) {
      this.#at++;
      this.#badIndex = true;
      return false;
    }
    const text = this.#format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const index = /^\d+$/.test(text) ? Number(text) : 0;
    if (index < 1 || index > this.#args.length) this.#badIndex = true;
    else this.#next = index - 1;
    return true;
  }

  #starArgument(): number | undefined {
    const value = this.#args[this.#next];
    if (this.#next < this.#args.length) this.#next++;
    return typeof value === 'bigint' && value >= -WIDEST && value <= WIDEST ? Number(value) : undefined;
  }
}

/** One value under a verb. `top`: not inside of another value, where strings of named types print themselves alike. */
function formatValue(value: unknown, verb: string, directive: Directive, top: boolean): string {
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
  else if (kind === 'float') text = formatNumber(value as number, verb, directive);
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

function formatInt(value: bigint, verb: string, directive: Directive): string | undefined {
  const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
  const base = bases[verb];
  if (base === undefined) return formatCharacter(value, verb, directive);
  const magnitude = value < 0n ? -value : value;
  let digits = magnitude.toString(base);
  if (verb === 'X') digits = digits.toUpperCase();
  if (directive.precision !== undefined) {
    digits = directive.precision === 0 && value === 0n ? '' : digits.padStart(directive.precision, '0');
  }
  let prefix = '';
  if (verb === 'O') prefix = '0o';
  else if (directive.sharp) prefix = { b: '0b', o: '0', x: '0x', X: '0X' }[verb] ?? '';
  return padNumber(signOf(value < 0n, directive) + prefix, digits, directive, directive.precision === undefined);
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `%c`, `%q`, `%U` of an int. */
function formatCharacter(value: bigint, verb: string, directive: Directive): string | undefined {
  if (!'cqU'.includes(verb)) return undefined;
  const isCharacter = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const character = String.fromCodePoint(isCharacter ? Number(value) : 0xfffd);
  if (verb === 'c') return pad(character, directive);
  if (verb === 'q') {
    const quoted = character === '"' ? '"' : character === "'" ? "\\'" : quote(character).slice(1, -1);
    return pad(`'${quoted}'`, directive);
  }
  const hex = BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(4, '0');
  const shown = directive.sharp && isCharacter && PRINTABLE.test(character) ? ` '${character}'` : '';
  return pad(`U+${hex}${shown}`, directive);
}

function formatNumber(value: number, verb: string, directive: Directive): string | undefined {
  const verbs: Readonly<Record<string, FloatVerb>> = {
    v: 'g',
    g: 'g',
    G: 'G',
    e: 'e',
    E: 'E',
    f: 'f',
    F: 'f',
    b: 'b',
    x: 'x',
    X: 'X',
  };
  const float = verbs[verb];
  if (float === undefined) return undefined;
  const byDefault = 'eEfF'.includes(verb) ? 6 : -1;
  const text = formatFloat(value, float, directive.precision ?? byDefault);
  const negative = text.startsWith('-');
  let digits = negative || text.startsWith('+') ? text.slice(1) : text;
  if (!Number.isFinite(value)) {
    const sign = Number.isNaN(value)
      ? directive.plus
        ? '+'
        : directive.space
          ? ' '
          : ''
      : signOf(negative, { ...directive, plus: true });
    const shown = Number.isNaN(value) || directive.plus || negative || directive.space ? sign : '+';
    return pad(shown.replace('+', directive.space && !directive.plus ? ' ' : '+') + digits, {
      ...directive,
      zero: false,
    });
  }
  if (directive.sharp && verb !== 'b' && verb !== 'v') digits = withTrailingZeros(digits, verb, directive.precision);
  return padNumber(signOf(negative, directive), digits, directive, true);
}

/** `%#g` keeps the point and the zeros of the wanted precision (6 by default). */
function withTrailingZeros(text: string, verb: string, precision: number | undefined): string {
  const [mantissa, tail] = /^([^eEpP]*)(.*)$/.exec(text)!.slice(1) as [string, string];
  const wanted = 'gG'.includes(verb) ? (precision ?? 6) : 0;
  const digits = mantissa.replace('.', '');
  const significant = digits.replace(/^0+(?=.)/, '').length;
  const pointed = mantissa.includes('.') ? mantissa : `${mantissa}.`;
  return pointed + '0'.repeat(Math.max(wanted - significant, 0)) + tail;
}

function signOf(negative: boolean, directive: Directive): string {
  if (negative) return '-';
  return directive.plus ? '+' : directive.space ? ' ' : '';
}

function padNumber(sign: string, digits: string, directive: Directive, zeros: boolean): string {
  if (!directive.zero || !zeros || directive.width === undefined)
    return pad(sign + digits, { ...directive, zero: false });
  return sign + digits.padStart(directive.width - sign.length, '0');
}

function pad(text: string, directive: Directive): string {
  const missing = (directive.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (directive.minus) return text + ' '.repeat(missing);
  return (directive.zero ? '0' : ' ').repeat(missing) + text;
}

/** Whether a value of a template can be printed at all, and how: `{{ . }}`. */
export function printable(value: unknown): string | undefined {
  const kind = kindOf(value);
  if (kind === 'nil') return '<no value>';
  if (kind === 'func') return undefined;
  return value instanceof NamedInt ? value.String() : formatValue(value, 'v', PLAIN, true);
}
