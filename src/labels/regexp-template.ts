/** Fills `$1`, `${1}`, `$name` and `${name}` of a replacement from a match, by the rules of Go's `Regexp.Expand`. */
import type { Matcher } from 're2js';

const VARIABLE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/** The matcher has matched. A group that does not exist or took no part is empty; a `$` that names nothing stays. */
export function expandTemplate(template: string, matcher: Matcher): string {
  if (!template.includes('$')) return template;
  return template.replace(VARIABLE, (all, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare;
    if (name === undefined) return all === '$$' ? '$' : all;
    return groupOf(matcher, name);
  });
}

function groupOf(matcher: Matcher, name: string): string {
  try {
    if (/^[0-9]+$/.test(name)) {
      const index = Number(name);
      return index <= matcher.groupCount() ? (matcher.group(index) ?? '') : '';
    }
    return matcher.group(name) ?? '';
  } catch {
    return '';
  }
}
