/** Contextual escaping as `html/template` does it: a writer that follows the HTML it writes and escapes each value for the place where it lands. */
import type { Writer } from './environment.ts';
import { escapeHtml, percentEncode } from './escape.ts';
import { marshalJson } from './json.ts';
import { kindOf, SafeString } from './values.ts';

/** Where in the HTML the next character stands. */
type Place =
  | 'text'
  | 'tag-name' // behind `<` or `</`
  | 'tag' // inside of a tag, between attributes
  | 'attribute-name'
  | 'before-equals'
  | 'before-value'
  | 'value' // inside of an attribute's value
  | 'raw' // the content of script, style, textarea or title
  | 'comment';

type ValueKind = 'plain' | 'url' | 'srcset' | 'script' | 'style';

export class HtmlWriter implements Writer {
  #out = '';
  #place: Place = 'text';
  #element = '';
  #closing = false;
  #attribute = '';
  #quote: '"' | "'" | '' = '';
  /** What stands in the attribute's value already. */
  #value = '';
  /** What stands in the raw element already. */
  #raw = '';

  get length(): number {
    return this.#out.length;
  }

  toString(): string {
    return this.#out;
  }

  text(text: string): void {
    let at = 0;
    while (at < text.length) at = this.#step(text, at);
  }

  value(raw: unknown, printed: string): void {
    // What is not there leaves no trace in HTML.
    const shown = kindOf(raw) === 'nil' ? '' : printed;
    const safe = raw instanceof SafeString ? raw : undefined;
    switch (this.#place) {
      case 'text':
        this.#out += safe?.content === 'html' ? safe.text : escapeText(shown);
        return;
      case 'raw':
        this.#out += this.#inRaw(raw, shown);
        return;
      case 'comment':
        return;
      case 'before-value':
        this.#openValue('');
        this.#attributeValue(raw, shown);
        return;
      case 'value':
        this.#attributeValue(raw, shown);
        return;
      case 'before-equals':
        this.#place = 'tag';
        this.#attributeName(shown);
        return;
      default:
        this.#attributeName(shown);
    }
  }

  /** A value where a name should stand: only a harmless name passes. */
  #attributeName(shown: string): void {
    const name = shown.toLowerCase();
    const harmless = /^[a-z0-9-]+$/.test(name) && valueKind(name) === 'plain';
    this.#out += harmless ? name : 'ZgotmplZ';
    if (this.#place === 'tag') this.#place = 'attribute-name';
    if (this.#place === 'attribute-name') this.#attribute += name;
  }

  #attributeValue(raw: unknown, shown: string): void {
    const safe = raw instanceof SafeString ? raw : undefined;
    const kind = valueKind(this.#attribute);
    let text: string;
    if (kind === 'url' || kind === 'srcset') text = this.#url(safe, shown);
    else if (kind === 'script') text = jsValue(raw, shown, insideJsString(this.#value));
    else if (kind === 'style') text = cssValue(shown);
    else text = safe?.content === 'html' ? stripTags(safe.text) : shown;
    this.#value += text;
    const alreadyEscaped = kind === 'plain' && safe?.content === 'html';
    const escaped = alreadyEscaped ? keepEntities(text) : escapeText(text);
    this.#out += this.#quote === '' ? unquotedValue(escaped) : escaped;
  }

  #url(safe: SafeString | undefined, shown: string): string {
    const started = this.#value.trimStart() !== '';
    // Behind `?` or `#` a value is one component; before it, it is a piece of the address.
    if (/[?#]/.test(this.#value))
      return safe?.content === 'url' ? normalizeUrl(shown) : lowerPercent(shown, URL_UNRESERVED);
    if (safe?.content === 'url' || started || hasSafeScheme(shown)) return normalizeUrl(shown);
    return '#ZgotmplZ';
  }

  #inRaw(raw: unknown, shown: string): string {
    if (this.#element === 'script') return jsValue(raw, shown, insideJsString(this.#raw));
    if (this.#element === 'style') return cssValue(shown);
    return raw instanceof SafeString && raw.content === 'html' ? keepEntities(shown) : escapeText(shown);
  }

  /** Consumes from `at`, gives where to go on. */
  #step(text: string, at: number): number {
    switch (this.#place) {
      case 'text':
        return this.#inText(text, at);
      case 'comment': {
        const end = text.indexOf('-->', at);
        if (end < 0) return text.length;
        this.#place = 'text';
        return end + 3;
      }
      case 'raw':
        return this.#untilClosingTag(text, at);
      case 'tag-name': {
        const name = /^[^\s/>]*/.exec(text.slice(at))![0];
        this.#element += name.toLowerCase();
        if (at + name.length < text.length) this.#place = 'tag';
        return this.#copy(text, at, at + name.length);
      }
      case 'value':
        return this.#inValue(text, at);
      default:
        return this.#inTag(text, at);
    }
  }

  #inText(text: string, at: number): number {
    const open = text.indexOf('<', at);
    if (open < 0) return this.#copy(text, at, text.length);
    if (text.startsWith('<!--', open)) {
      this.#copy(text, at, open);
      this.#place = 'comment';
      return open + 4;
    }
    const tag = /^<\/?(?=[a-zA-Z])/.exec(text.slice(open, open + 3))?.[0];
    if (tag === undefined) {
      // A `<` that opens nothing is text; Go writes it escaped, except in front of `!`.
      this.#copy(text, at, open);
      this.#out += text[open + 1] === '!' ? '<' : '&lt;';
      return open + 1;
    }
    this.#place = 'tag-name';
    this.#element = '';
    this.#closing = tag === '</';
    return this.#copy(text, at, open + tag.length);
  }

  #untilClosingTag(text: string, at: number): number {
    const close = text.slice(at).toLowerCase().indexOf(`</${this.#element}`);
    const end = close < 0 ? text.length : at + close;
    this.#raw += text.slice(at, end);
    if (close >= 0) {
      this.#place = 'tag-name';
      this.#closing = true;
      this.#element = '';
      return this.#copy(text, at, end + 2);
    }
    return this.#copy(text, at, end);
  }

  #inTag(text: string, at: number): number {
    const character = text[at]!;
    if (this.#place === 'before-value' && !/\s/.test(character)) {
      if (character === '>') {
        this.#place = 'tag';
        return at;
      }
      const quoted = character === '"' || character === "'";
      this.#openValue(quoted ? character : '');
      return quoted ? this.#copy(text, at, at + 1) : at;
    }
    if (character === '>') {
      this.#closeTag();
    } else if (character === '=') {
      this.#place = 'before-value';
    } else if (/[\s/]/.test(character)) {
      if (this.#place === 'attribute-name') this.#place = 'before-equals';
    } else if (this.#place === 'attribute-name') {
      this.#attribute += character.toLowerCase();
    } else {
      this.#place = 'attribute-name';
      this.#attribute = character.toLowerCase();
    }
    return this.#copy(text, at, at + 1);
  }

  #closeTag(): void {
    const raw = !this.#closing && RAW_ELEMENTS.has(this.#element);
    this.#place = raw ? 'raw' : 'text';
    this.#raw = '';
    this.#attribute = '';
  }

  #openValue(quote: '"' | "'" | ''): void {
    this.#place = 'value';
    this.#quote = quote;
    this.#value = '';
  }

  #inValue(text: string, at: number): number {
    const ends = this.#quote === '' ? /[\s>]/g : this.#quote === '"' ? /"/g : /'/g;
    ends.lastIndex = at;
    const end = ends.exec(text)?.index ?? text.length;
    this.#value += text.slice(at, end);
    this.#copy(text, at, end);
    if (end === text.length) return end;
    this.#place = 'tag';
    return this.#quote === '' ? end : this.#copy(text, end, end + 1);
  }

  #copy(text: string, from: number, to: number): number {
    this.#out += text.slice(from, to);
    return to;
  }
}

const RAW_ELEMENTS = new Set(['script', 'style', 'textarea', 'title']);

const URL_ATTRIBUTES = new Set([
  'action',
  'archive',
  'background',
  'cite',
  'classid',
  'codebase',
  'data',
  'formaction',
  'href',
  'icon',
  'longdesc',
  'manifest',
  'poster',
  'profile',
  'src',
  'usemap',
  'xmlns',
]);

const URL_UNRESERVED = /[A-Za-z0-9\-._~]/;
/** What a URL may have beside: reserved characters, and percent signs of what is encoded already. */
const URL_KEPT = /[A-Za-z0-9\-._~!#$&*+,/:;=?@[\]]/;

function valueKind(attribute: string): ValueKind {
  const name = attribute.replace(/^data-/, '').replace(/^.*:/, '');
  if (attribute === 'style') return 'style';
  if (attribute === 'srcset') return 'srcset';
  if (name.startsWith('on')) return 'script';
  if (URL_ATTRIBUTES.has(name) || attribute.startsWith('xmlns:')) return 'url';
  return attribute.startsWith('data-') && /src|uri|url/.test(name) ? 'url' : 'plain';
}

function hasSafeScheme(url: string): boolean {
  const scheme = /^([^:/?#]*):/.exec(url)?.[1]?.toLowerCase();
  return scheme === undefined || scheme === 'http' || scheme === 'https' || scheme === 'mailto';
}

function normalizeUrl(url: string): string {
  let out = '';
  for (const part of url.split(/(%[0-9a-fA-F]{2})/)) {
    out += /^%[0-9a-fA-F]{2}$/.test(part) ? part : lowerPercent(part, URL_KEPT);
  }
  return out;
}

/** As escapeHtml, and `+` too, which starts UTF-7 tricks in old browsers. */
function escapeText(text: string): string {
  return escapeHtml(text).replaceAll('+', '&#43;');
}

/** HTML once more, without touching the entities that it has. */
function keepEntities(html: string): string {
  return html.replace(/[\0"'<>+]/g, escapeText);
}

function lowerPercent(text: string, keep: RegExp): string {
  return percentEncode(text, keep).replace(/%[0-9A-F]{2}/g, (encoded) => encoded.toLowerCase());
}

/** Values without quotation marks around them need more characters taken out. */
function unquotedValue(escaped: string): string {
  return escaped === '' ? 'ZgotmplZ' : escaped.replace(/[\s=`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function stripTags(html: string): string {
  return html.replace(/<!--.*?-->|<\/?[a-zA-Z][^>]*>/gs, '');
}

/** Whether the script so far leaves off inside of a string. */
function insideJsString(script: string): boolean {
  let open = '';
  for (let i = 0; i < script.length; i++) {
    const character = script[i]!;
    if (character === '\\') i++;
    else if (open === '' && (character === '"' || character === "'")) open = character;
    else if (character === open) open = '';
  }
  return open !== '';
}

function jsValue(raw: unknown, shown: string, inString: boolean): string {
  if (inString) return shown.replace(/[\0\t\n\v\f\r"'`&+/<>\\]/g, (character) => JS_STRING[character]!);
  const kind = kindOf(raw);
  if (kind === 'nil') return ' null ';
  if (kind === 'func') return `"${shown}"`;
  const json = marshalJson(raw);
  // Blanks keep a number or a word from growing together with what stands around it.
  return kind === 'float' || kind === 'int' || kind === 'bool' ? ` ${json} ` : json;
}

const JS_STRING: Readonly<Record<string, string>> = {
  '\0': '\\u0000',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\u000b',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\u0022',
  "'": '\\u0027',
  '`': '\\u0060',
  '&': '\\u0026',
  '+': '\\u002b',
  '/': '\\/',
  '<': '\\u003c',
  '>': '\\u003e',
  '\\': '\\\\',
};

/** Only what can be nothing but a plain CSS value passes. */
function cssValue(shown: string): string {
  if (/[\0"'()/;@[\\\]`{}<>]|--/.test(shown)) return 'ZgotmplZ';
  return /expression|moz-?binding/i.test(shown) ? 'ZgotmplZ' : shown;
}
