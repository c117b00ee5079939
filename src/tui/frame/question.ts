/** A question that is answered by y or n: nothing destructive happens without one. */
import type { Key } from '../input/keys.ts';
import { clean, wrap } from '../sanitise.ts';
import type { Area, Overlay } from './place.ts';
import { BLANK, type Row, row, toned } from './row.ts';

export class Question implements Overlay {
  readonly title: string;
  readonly shape = 'box';
  #text: string;
  #yes: () => void;

  constructor(title: string, text: string, yes: () => void) {
    this.title = title;
    this.#text = text;
    this.#yes = yes;
  }

  rows(area: Area): Row[] {
    const lines = wrap(clean(this.#text), Math.min(70, area.width - 8)).map((line) => row(line));
    return [...lines, BLANK, row(toned('accent', 'y'), ' yes   ', toned('accent', 'n'), ' no')];
  }

  key(key: Key): 'close' | 'stay' {
    if (key.name === 'y') this.#yes();
    return key.name === 'y' || key.name === 'n' || key.name === 'Esc' ? 'close' : 'stay';
  }

  hints(): readonly (readonly [string, string])[] {
    return [
      ['y', 'yes'],
      ['n', 'no'],
    ];
  }
}
