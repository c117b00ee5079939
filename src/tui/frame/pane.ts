/** Titles, empty and error states, bars: the few pieces that all panes are made of. */
import { clean, shorten, shortenMiddle, widthOf, wrap } from '../sanitise.ts';
import type { Theme, Tone } from '../theme.ts';
import { BLANK, type Part, type Row, row, rowWidth, sized, toned } from './row.ts';

/** `── Title · note ─────────`: the line over a pane, in the accent colour where the pane has the keys. */
export function titleRow(title: string, note: Part, width: number, theme: Theme, focused = false): Row {
  const line = theme.glyphs.horizontal;
  const right = row(note);
  const head = row(
    toned(focused ? 'accent' : 'line', `${line}${line} `),
    toned(focused ? 'accent' : 'strong', shorten(title, Math.max(1, width - 4))),
    ' ',
  );
  const tail = rowWidth(right) > 0 ? row(' ', right, toned('line', ` ${line}`)) : BLANK;
  const middle = width - rowWidth(head) - rowWidth(tail);
  if (middle < 1) return sized(head, width);
  return row(head, toned(focused ? 'accent' : 'line', line.repeat(middle)), tail);
}

/** What an empty pane says: what is missing, and what can be done. */
export function emptyRows(what: string, hint: string, width: number, height: number): Row[] {
  const lines = [
    ...wrap(clean(what), width - 4),
    '',
    ...(hint === '' ? [] : wrap(clean(hint), Math.min(76, width - 4))),
  ];
  const rows = lines.map((text, i) => row('  ', toned(i === 0 ? 'plain' : 'muted', text)));
  const above = Math.min(2, Math.max(0, Math.floor((height - rows.length) / 3)));
  return [...Array.from({ length: above }, () => BLANK), ...rows].slice(0, height);
}

/** What a pane says whose source failed: what is wrong, what to do. */
export function errorRows(
  what: string,
  error: string,
  advice: string,
  theme: Theme,
  width: number,
  height: number,
): Row[] {
  const rows: Row[] = [
    BLANK,
    row('  ', toned('critical', `${theme.glyphs.failing} ${what}`)),
    ...wrap(clean(error), width - 6).map((line) => row('    ', line)),
    BLANK,
    ...wrap(clean(advice), Math.min(90, width - 6)).map((line) => row('    ', toned('muted', line))),
  ];
  return rows.slice(0, height);
}

export interface UnloadedTexts {
  /** What is read, e.g. `the alerts`. */
  readonly what: string;
  /** What to do where it cannot be read. */
  readonly advice: string;
}

/** What a place says until its first content is there: that it is read, or why it cannot be. Undefined once it is there. */
export function unloadedRows(
  place: { readonly loaded: boolean; readonly error: string | undefined },
  { what, advice }: UnloadedTexts,
  { theme, width, height }: { readonly theme: Theme; readonly width: number; readonly height: number },
): Row[] | undefined {
  if (place.loaded) return undefined;
  if (place.error === undefined) return emptyRows(`Reading ${what} …`, '', width, height);
  const capital = what.slice(0, 1).toUpperCase() + what.slice(1);
  return errorRows(`${capital} cannot be read.`, place.error, advice, theme, width, height);
}

/** One line for a fetch that failed while older content stays visible. */
export function staleRow(error: string, width: number, theme: Theme): Row {
  return sized(
    row(toned('warning', `${theme.glyphs.slow} not refreshed: `), clean(error)),
    width,
    'left',
    theme.glyphs.ellipsis,
  );
}

/** A bar of `width` cells, `share` of it (0…1) filled. */
export function barRow(share: number, width: number, tone: Tone, theme: Theme): Row {
  const filled = Number.isFinite(share) ? Math.max(0, Math.min(width, Math.round(share * width))) : 0;
  return row(toned(tone, theme.glyphs.bar.repeat(filled)), toned('line', theme.glyphs.barRest.repeat(width - filled)));
}

/** `name  value` lines with the names in one column. */
export function fieldRows(
  fields: readonly (readonly [string, Part])[],
  width: number,
  theme: Theme,
  nameTone: Tone = 'muted',
  mostName = 28,
): Row[] {
  const widest = Math.min(mostName, Math.max(0, ...fields.map(([name]) => widthOf(clean(name)))));
  return fields.flatMap(([name, value]) => {
    // Long names differ at their ends: `__meta_kubernetes_pod_…`.
    const head = sized(row(toned(nameTone, shortenMiddle(clean(name), widest, theme.glyphs.ellipsis))), widest);
    const room = Math.max(8, width - widest - 2);
    if (typeof value !== 'string') return [row(head, '  ', sized(row(value), room, 'left', theme.glyphs.ellipsis))];
    return wrap(clean(value), room).map((line, i) => row(i === 0 ? head : ' '.repeat(widest), '  ', line));
  });
}

/** Text with the words of a filter marked in it. */
export function markMatches(text: string, words: readonly string[], tone: Tone): Row {
  const plain = clean(text);
  const lower = plain.toLowerCase();
  // Lower-casing can change the length (İ); marks would be off then, so there are none.
  if (words.length === 0 || lower.length !== plain.length) return row(toned(tone, plain));
  const parts: Part[] = [];
  let at = 0;
  while (at < plain.length) {
    let next = plain.length;
    let size = 0;
    for (const word of words) {
      const found = lower.indexOf(word, at);
      if (found >= 0 && (found < next || (found === next && word.length > size))) {
        next = found;
        size = word.length;
      }
    }
    if (next > at) parts.push(toned(tone, plain.slice(at, next)));
    if (size === 0) break;
    parts.push(toned('match', plain.slice(next, next + size)));
    at = next + size;
  }
  return row(...parts);
}

const given = new Map<string, number>();

/** The colour of a name, the same in every view: the next free one for a name not met before, so that few names never share one. */
export function toneOf(name: string, tones: readonly Tone[]): Tone {
  let place = given.get(name);
  if (place === undefined) {
    place = given.size;
    // Names without end (a label per request) must not be kept without end.
    if (place < 4096) given.set(name, place);
  }
  return tones[place % tones.length]!;
}
