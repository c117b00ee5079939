/** Contextual escaping as `html/template` does it: a writer that follows the HTML it writes and escapes each value for the place where it lands. */
import type { Writer } from './environment.ts';
import {
  cssValue,
  escapeText,
  jsValue,
  keepEntities,
  stripTags,
  unquotedValue,
  urlValue,
  valueKind,
} from './html-values.ts';
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
    if (kind === 'url' || kind === 'srcset') text = urlValue(safe, shown, this.#value);
    else if (kind === 'script') text = jsValue(raw, shown, this.#value);
    else if (kind === 'style') text = cssValue(shown);
    else text = safe?.content === 'html' ? stripTags(safe.text) : shown;
    this.#value += text;
    const alreadyEscaped = kind === 'plain' && safe?.content === 'html';
    const escaped = alreadyEscaped ? keepEntities(text) : escapeText(text);
    this.#out += this.#quote === '' ? unquotedValue(escaped) : escaped;
  }

  #inRaw(raw: unknown, shown: string): string {
    if (this.#element === 'script') return jsValue(raw, shown, this.#raw);
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
