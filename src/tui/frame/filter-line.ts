/** `/`: the filter being typed; the list follows every key, Esc brings the old filter back. */
import type { Key } from '../input/keys.ts';
import { editLine, type LineState, lineOf } from '../input/line-editor.ts';
import type { Theme } from '../theme.ts';
import { type Filter, parseFilter } from './filter.ts';
import type { Place } from './place.ts';
import { promptRow } from './prompt-row.ts';
import { type Row, row, rowWidth, sized, toned } from './row.ts';

export class FilterLine {
  #place: Place;
  #before: Filter;
  #line: LineState;

  constructor(place: Place) {
    this.#place = place;
    this.#before = place.filter;
    this.#line = lineOf(place.filter.source);
  }

  key(key: Key): 'close' | 'stay' {
    if (key.name === 'Enter') return 'close';
    if (key.name === 'Esc') {
      this.#place.setFilter(this.#before);
      return 'close';
    }
    if (key.name === 'Backspace' && this.#line.text === '') return 'close';
    const edited = editLine(this.#line, key);
    if (edited !== undefined) {
      this.#line = edited;
      this.#place.setFilter(parseFilter(edited.text));
    }
    return 'stay';
  }

  rows(width: number, theme: Theme): Row[] {
    const help = row(toned('muted', 'word  !word  key=value  -f fuzzy   Enter keep  Esc undo'));
    const line = promptRow('/', this.#line, width, theme);
    return [rowWidth(line) + rowWidth(help) + 2 < width ? row(sized(line, width - rowWidth(help)), help) : line];
  }
}
