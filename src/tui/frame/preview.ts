/** What Enter would open for the selected item, shown below a list where there is room for both. */
import { titleRow } from './pane.ts';
import type { Area, Desk } from './place.ts';
import { messageOf } from './poller.ts';
import { type Row, row, tall, toned } from './row.ts';

/** One item in detail. */
export interface Detail {
  /** What stands over it. */
  readonly title: string;
  /** Fetches what it needs beside the item itself. */
  fetch(signal: AbortSignal): Promise<void>;
  rows(area: Area): Row[];
}

/** Less than this is no room for both. */
const LEAST_HEIGHT = 24;
const LEAST_LIST_ROWS = 6;
const REST_MS = 150;

export class Preview {
  readonly #desk: Desk;
  #detail: Detail | undefined;
  #key: string | undefined;
  #shown = false;
  #controller: AbortController | undefined;
  #error: string | undefined;
  #resting: NodeJS.Timeout | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The item selected now. Its detail follows when the selection rests: holding a key down costs a slow link nothing. */
  follow(key: string | undefined, detail: () => Detail): void {
    if (key === this.#key) return;
    this.#key = key;
    clearTimeout(this.#resting);
    const show = (): void => {
      this.#resting = undefined;
      this.#detail = key === undefined ? undefined : detail();
      this.#error = undefined;
      void this.fetch();
    };
    if (this.#detail === undefined) show();
    else this.#resting = setTimeout(show, REST_MS);
  }

  /** What is shown will change by itself. */
  get busy(): boolean {
    return this.#resting !== undefined || this.#controller !== undefined;
  }

  get detail(): Detail | undefined {
    return this.#detail;
  }

  /** Asks anew; what is being asked is given up. Never rejects: what went wrong is shown. */
  async fetch(): Promise<void> {
    this.#giveUp();
    const detail = this.#detail;
    if (!this.#shown || detail === undefined) return;
    const controller = new AbortController();
    this.#controller = controller;
    let error: string | undefined;
    try {
      await detail.fetch(controller.signal);
    } catch (fault) {
      error = messageOf(fault);
    }
    if (controller.signal.aborted) return;
    this.#controller = undefined;
    this.#error = error;
    this.#desk.changed();
  }

  close(): void {
    // Whatever was to follow is followed anew when the list is shown again.
    if (this.#resting !== undefined) this.#key = undefined;
    clearTimeout(this.#resting);
    this.#resting = undefined;
    this.#giveUp();
  }

  #giveUp(): void {
    this.#controller?.abort();
    this.#controller = undefined;
  }

  /** The list in the upper part, of the height it needs and may have, and the detail below it; the list alone on a low screen. */
  below(listHeight: number, area: Area, list: (area: Area) => Row[]): Row[] {
    const fits = area.height >= LEAST_HEIGHT && !area.zoomed && this.#detail !== undefined;
    if (fits !== this.#shown) {
      this.#shown = fits;
      if (fits) queueMicrotask(() => void this.fetch());
    }
    if (!fits) return list(area);
    const upper = Math.max(LEAST_LIST_ROWS, Math.min(listHeight, Math.floor(area.height * 0.5)));
    const lower = area.height - upper - 1;
    const detail = this.#detail!;
    const error =
      this.#error === undefined
        ? []
        : [row(toned('warning', `${area.theme.glyphs.slow} not refreshed: ${this.#error}`))];
    return [
      ...tall(list({ ...area, height: upper }), upper),
      titleRow(detail.title, toned('muted', 'Enter opens it'), area.width, area.theme),
      ...tall([...error, ...detail.rows({ ...area, height: lower - error.length })], lower),
    ];
  }
}
