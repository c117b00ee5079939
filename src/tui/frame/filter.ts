/** The `/` filter: words that must occur, `!word` that must not, `key=value` of a field, `-f text` fuzzy (fzf). */
import { Fzf } from 'fzf';

export interface Filterable {
  readonly text: string;
  field(name: string): string | undefined;
}

/** `name=value` of a filter, `inverse` where it must not hold. */
export interface FilterField {
  readonly name: string;
  readonly value: string;
  readonly inverse: boolean;
}

export interface Filter {
  readonly source: string;
  readonly empty: boolean;
  accepts(item: Filterable): boolean;
  /** The words to highlight. */
  readonly words: readonly string[];
  readonly fields: readonly FilterField[];
}

export const NO_FILTER: Filter = { source: '', empty: true, accepts: () => true, words: [], fields: [] };

export function parseFilter(source: string): Filter {
  const text = source.trim();
  if (text === '') return NO_FILTER;
  if (text.startsWith('-f ')) return fuzzy(source, text.slice(3).trim());
  const terms = [...text.matchAll(/(!)?(?:([\w.@/-]+)(!?=)("[^"]*"|\S*)|"([^"]*)"|(\S+))/g)].map((match) => ({
    inverse: (match[1] === '!') !== (match[3] === '!='),
    field: match[2],
    value: (match[4] ?? match[5] ?? match[6] ?? '').replace(/^"|"$/g, '').toLowerCase(),
  }));
  return {
    source,
    empty: false,
    words: terms.filter((term) => !term.inverse && term.value !== '').map((term) => term.value),
    fields: terms.flatMap(({ field, value, inverse }) =>
      field === undefined ? [] : [{ name: field, value, inverse }],
    ),
    accepts: (item) =>
      terms.every(({ inverse, field, value }) => {
        const found =
          field === undefined
            ? item.text.toLowerCase().includes(value)
            : (item.field(field) ?? '').toLowerCase().includes(value) && item.field(field) !== undefined;
        return found !== inverse;
      }),
  };
}

const REMEMBERED = 20_000;

function fuzzy(source: string, query: string): Filter {
  // Lists ask for the same items with every frame.
  const known = new Map<string, boolean>();
  const found = (text: string): boolean => {
    let answer = known.get(text);
    if (answer === undefined) {
      answer = new Fzf([text]).find(query).length > 0;
      if (known.size < REMEMBERED) known.set(text, answer);
    }
    return answer;
  };
  return { source, empty: query === '', words: [], fields: [], accepts: (item) => query === '' || found(item.text) };
}
