/** Go's `fmt`: `Sprint`, `Sprintln` and `Sprintf` over template values, wrong verbs and missing arguments marked as Go marks them. */
import { type Directive, PLAIN } from './directive.ts';
import { formatValue } from './format-value.ts';
import { kindOf, NamedInt, typeName } from './values.ts';

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

/** Whether a value of a template can be printed at all, and how: `{{ . }}`. */
export function printable(value: unknown): string | undefined {
  const kind = kindOf(value);
  if (kind === 'nil') return '<no value>';
  if (kind === 'func') return undefined;
  return value instanceof NamedInt ? value.String() : formatValue(value, 'v', PLAIN, true);
}

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
