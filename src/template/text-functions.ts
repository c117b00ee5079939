/** Functions on text that Prometheus' and Alertmanager's templates share. */
import { compileRe2 } from '../labels/regexp.ts';
import { type GoFunction, goFunction, SafeString, STRING } from './values.ts';

export const TEXT_FUNCTIONS: Readonly<Record<string, GoFunction>> = {
  toUpper: goFunction([STRING], (text) => text.toUpperCase()),
  toLower: goFunction([STRING], (text) => text.toLowerCase()),
  match: goFunction([STRING, STRING], (pattern, text) => compileRe2(pattern).matcher(text).find()),
  reReplaceAll: goFunction([STRING, STRING, STRING], replaceAll),
  safeHtml: goFunction([STRING], (text) => new SafeString('html', text)),
};

/** The first letter of each word in upper case; the others in lower case, unless they are kept. */
export function titleCase(text: string, keepOthers: boolean): string {
  let out = '';
  for (const { segment } of words.segment(text)) {
    const first = /\p{L}/u.exec(segment);
    if (first === null) {
      out += segment;
      continue;
    }
    const rest = segment.slice(first.index + first[0].length);
    out += segment.slice(0, first.index) + first[0].toUpperCase() + (keepOthers ? rest : rest.toLowerCase());
  }
  return out;
}

const words = new Intl.Segmenter('en', { granularity: 'word' });

/** Go's `ReplaceAllString`: `$1`, `$name`, `${name}` stand for groups, `$$` for a dollar sign. */
function replaceAll(pattern: string, replacement: string, text: string): string {
  let compiled: ReturnType<typeof compileRe2>;
  try {
    compiled = compileRe2(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`regexp: Compile(\`${pattern}\`): ${reason}`);
  }
  const matcher = compiled.matcher(text);
  let out = '';
  let end = 0;
  while (matcher.find()) {
    out += text.slice(end, matcher.start()) + expand(replacement, (name) => groupOf(matcher, name));
    end = matcher.end();
  }
  return out + text.slice(end);
}

type RegexpMatcher = ReturnType<ReturnType<typeof compileRe2>['matcher']>;

function groupOf(matcher: RegexpMatcher, name: string): string {
  if (/^\d+$/.test(name)) return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : '';
  try {
    return matcher.group(name) ?? '';
  } catch {
    return '';
  }
}

function expand(replacement: string, group: (name: string) => string): string {
  return replacement.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, bare?: string, braced?: string) =>
    dollar !== undefined ? '$' : group(bare ?? braced ?? ''),
  );
}
