/** A page of rows that is read by scrolling: an explanation, a record. */
import type { Key } from '../input/keys.ts';
import type { Theme } from '../theme.ts';
import { plural } from './format.ts';
import type { Area, Overlay } from './place.ts';
import { type Row, row, toned } from './row.ts';

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

/** How far a page is scrolled, kept within its content when it is drawn. */
export class Scroll {
  top = 0;
  #page = 10;
  #hidden = 0;

  /** Rows that did not fit when it was drawn last. */
  get hidden(): number {
    return this.#hidden;
  }

  /** The rows there is room for; the last one tells how many are below, where there are any. */
  visible(rows: readonly Row[], height: number, theme: Theme): Row[] {
    this.#hidden = Math.max(0, rows.length - height);
    this.#page = Math.max(1, height - 1);
    this.top = Math.max(0, Math.min(this.top, this.#hidden));
    const shown = rows.slice(this.top, this.top + height);
    if (this.top === this.#hidden || height < 2) return shown;
    const below = rows.length - this.top - height + 1;
    return [...shown.slice(0, -1), row(toned('muted', `${theme.glyphs.down} ${plural(below, 'more line')}`))];
  }

  /** `true` where the key is one of scrolling, whatever it does elsewhere. */
  press(key: Key): boolean {
    return this.act(KEYS[key.name] ?? '');
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
    return this.#scroll.visible(this.#make(area), area.height, area.theme);
  }

  key(key: Key, action: string | undefined): 'close' | 'stay' {
    if (this.#scroll.press(key)) return 'stay';
    if (action === 'back' || action === 'quit' || key.name === 'Enter' || action === 'explain') return 'close';
    return 'stay';
  }

  hints(): readonly (readonly [string, string])[] {
    return pageHints(this.#scroll);
  }
}

/** The keys of a page: those that scroll only where there is something to scroll. */
export function pageHints(scroll: Scroll): readonly (readonly [string, string])[] {
  const close = ['Esc', 'close'] as const;
  return scroll.hidden === 0 ? [close] : [['j k', 'scroll'], ['PgDn PgUp', 'a page'], close];
}
