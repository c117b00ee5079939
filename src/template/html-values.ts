/** What a value becomes in each kind of place that HTML has, so that it stays a value there: `ZgotmplZ` where nothing of it is safe. */
import { escapeHtml, percentEncode } from './escape.ts';
import { marshalJson } from './json.ts';
import { kindOf, type SafeString } from './values.ts';

type ValueKind = 'plain' | 'url' | 'srcset' | 'script' | 'style';

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

/** What the value of an attribute of this name is. */
export function valueKind(attribute: string): ValueKind {
  const name = attribute.replace(/^data-/, '').replace(/^.*:/, '');
  if (attribute === 'style') return 'style';
  if (attribute === 'srcset') return 'srcset';
  if (name.startsWith('on')) return 'script';
  if (URL_ATTRIBUTES.has(name) || attribute.startsWith('xmlns:')) return 'url';
  return attribute.startsWith('data-') && /src|uri|url/.test(name) ? 'url' : 'plain';
}

/** In an attribute that holds an address; `before` is what stands in it already. */
export function urlValue(safe: SafeString | undefined, shown: string, before: string): string {
  const started = before.trimStart() !== '';
  // Behind `?` or `#` a value is one component; before it, it is a piece of the address.
  if (/[?#]/.test(before)) return safe?.content === 'url' ? normalizeUrl(shown) : lowerPercent(shown, URL_UNRESERVED);
  if (safe?.content === 'url' || started || hasSafeScheme(shown)) return normalizeUrl(shown);
  return '#ZgotmplZ';
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
export function escapeText(text: string): string {
  return escapeHtml(text).replaceAll('+', '&#43;');
}

/** HTML once more, without touching the entities that it has. */
export function keepEntities(html: string): string {
  return html.replace(/[\0"'<>+]/g, escapeText);
}

function lowerPercent(text: string, keep: RegExp): string {
  return percentEncode(text, keep).replace(/%[0-9A-F]{2}/g, (encoded) => encoded.toLowerCase());
}

/** Values without quotation marks around them need more characters taken out. */
export function unquotedValue(escaped: string): string {
  return escaped === '' ? 'ZgotmplZ' : escaped.replace(/[\s=`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function stripTags(html: string): string {
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

/** In a script, of which `before` stands there already. */
export function jsValue(raw: unknown, shown: string, before: string): string {
  if (insideJsString(before)) return shown.replace(/[\0\t\n\v\f\r"'`&+/<>\\]/g, (character) => JS_STRING[character]!);
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
export function cssValue(shown: string): string {
  if (/[\0"'()/;@[\\\]`{}<>]|--/.test(shown)) return 'ZgotmplZ';
  return /expression|moz-?binding/i.test(shown) ? 'ZgotmplZ' : shown;
}
