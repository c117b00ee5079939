/** Names outside the legacy alphabet for readers that do not know UTF-8 ones: the `escaping` of Prometheus' exposition formats. */
import { isLegacyMetricName } from '../labels/labels.ts';

const SCHEMES = ['allow-utf-8', 'underscores', 'dots', 'values'] as const;
export type NameEscaping = (typeof SCHEMES)[number];

/** The scheme that an `Accept` header asks for; underscores where it asks for none, as in Prometheus. */
export function negotiatedEscaping(accept: string | undefined): NameEscaping {
  let escaping: NameEscaping = 'underscores';
  const items = (accept ?? '').split(',').map((item) => {
    const [type = '', ...parameters] = item.split(';').map((part) => part.trim());
    const named = new Map(parameters.map((each) => each.split('=', 2) as [string, string]));
    return { type, quality: Number(named.get('q') ?? 1), asked: named.get('escaping') };
  });
  for (const { type, asked } of items.sort((a, b) => b.quality - a.quality)) {
    escaping = SCHEMES.find((scheme) => scheme === asked) ?? escaping;
    if (type === 'text/plain') break;
  }
  return escaping;
}

/** A name of the legacy alphabet stays as it is. */
export function escapedName(name: string, escaping: NameEscaping): string {
  if (escaping === 'allow-utf-8' || isLegacyMetricName(name)) return name;
  const characters = [...name].map((character, i) =>
    escapedCharacter(character, isLegacyMetricName(i === 0 ? character : `_${character}`), escaping),
  );
  return (escaping === 'values' ? 'U__' : '') + characters.join('');
}

function escapedCharacter(character: string, isLegacy: boolean, escaping: NameEscaping): string {
  if (character === '_') return escaping === 'underscores' ? '_' : '__';
  if (character === '.' && escaping === 'dots') return '_dot_';
  if (isLegacy) return character;
  if (escaping === 'values') return `_${character.codePointAt(0)!.toString(16)}_`;
  return escaping === 'dots' ? '__' : '_';
}
