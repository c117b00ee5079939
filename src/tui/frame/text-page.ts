/** A page of rows that is read by scrolling: an explanation, a record. */
import type { Key } from '../input/keys.ts';
import type { Area, Overlay } from './place.ts';
import type { Row } from './row.ts';

/** How far a page is scrolled, kept within its content when it is drawn. */
export class Scroll {
  top = 0;
  #page = 10;

  visible(rows: readonly Row[], height: number): Row[] {
    this.#page = height;
    this.top = Math.max(0, Math.min(this.top, rows.length - height));
    return rows.slice(this.top, this.top + height);
  }

  /** `true` where the action was one of scrolling. */
  act(action: string): boolean {
    const by: Record<string, number> = {
      up: -1,
      down: 1,
      'page-up': -this.#page,
      'page-down': this.#page,
      'half-up': -Math.ceil(this.#page / 2),
      'half-down': Math.ceil(this.#page / 2),
      top: Number.NEGATIVE_INFINITY,
      bottom: Number.MAX_SAFE_INTEGER,
    };
    if (by[action] === undefined) return false;
    this.top = Math.max(0, this.top + by[action]);
    return true;
  }
}

const KEYS: Readonly<Record<string, string>> = {
  j: 'down',
  Down: 'down',
  WheelDown: 'down',
  k: 'up',
  Up: 'up',
  WheelUp: 'up',
  PgDn: 'page-down',
  Space: 'page-down',
  PgUp: 'page-up',
  'C-d': 'half-down',
  'C-u': 'half-up',
  g: 'top',
  G: 'bottom',
};

export class TextPage implements Overlay {
  readonly title: string;
  readonly shape = 'page';
  #make: (area: Area) => Row[];
  #scroll = new Scroll();

  constructor(title: string, make: (area: Area) => Row[]) {
    this.title = title;
    this.#make = make;
  }

  rows(area: Area): Row[] {
    return this.#scroll.visible(this.#make(area), area.height);
  }

  key(key: Key, action: string | undefined): 'close' | 'stay' {
    const scrolling = KEYS[key.name];
    if (scrolling !== undefined) this.#scroll.act(scrolling);
    else if (action === 'back' || action === 'quit' || key.name === 'Enter' || action === 'explain') return 'close';
    return 'stay';
  }

  hints(): readonly (readonly [string, string])[] {
    return [
      ['j k', 'scroll'],
      ['Esc', 'close'],
    ];
  }
}
