/** The places that are open, each on top of the one that it was opened from: the topmost is fetched, and each has its own time range. */
import type { Monitor } from '../../monitor/sources.ts';
import type { AlertCounts } from './headline.ts';
import type { Desk, Place, Subject, ViewName } from './place.ts';
import { type Poller, startPoller } from './poller.ts';
import type { KeptRange, TimeRange } from './time-range.ts';

/** How a view is opened; the registry in `views/` implements it. */
export interface Views {
  root(view: ViewName, desk: Desk): Place;
  drill(view: 'metrics' | 'logs' | 'traces', subject: Subject, desk: Desk): Place;
  /** For the header. */
  countAlerts(monitor: Monitor): Promise<AlertCounts>;
  /** What watchfire itself has to say. */
  events(desk: Desk): Place;
}

export class PlaceStack {
  readonly #views: Views;
  readonly #desk: Desk;
  readonly #range: TimeRange;
  #open: Place[] = [];
  #roots = new Map<ViewName, Place>();
  #pollers = new Map<Place, Poller>();
  /** The range that a place had when another was opened on top of it. */
  #ranges = new Map<Place, KeptRange>();

  /** `range` is the one of the topmost place. Nothing is open at first. */
  constructor(views: Views, desk: Desk, range: TimeRange) {
    this.#views = views;
    this.#desk = desk;
    this.#range = range;
  }

  /** The root of a view first. */
  get open(): readonly Place[] {
    return this.#open;
  }

  get top(): Place {
    return this.#open.at(-1)!;
  }

  /** Something is asked for. */
  get busy(): boolean {
    return [...this.#pollers.values()].some((poller) => poller.busy);
  }

  /** Fetches the place now, where it is on top. */
  refresh(place: Place): void {
    this.#pollers.get(place)?.now();
  }

  push(place: Place): void {
    this.#keepRange();
    this.#leave();
    this.#open.push(place);
    this.#enter();
  }

  drill(view: 'metrics' | 'logs' | 'traces', subject: Subject): void {
    this.#keepRange();
    if (subject.fromMs !== undefined) this.#range.focus(subject.fromMs, subject.toMs);
    this.push(this.#views.drill(view, subject, this.#desk));
  }

  /** Closes the topmost place; `false` where it is a view's root. */
  pop(): boolean {
    if (this.#open.length <= 1) return false;
    this.#leave();
    this.#open.pop()!.close();
    this.#restoreRange();
    this.#enter();
    return true;
  }

  /** The root of a view; what was opened below another root is closed. */
  goTo(view: ViewName): void {
    if (this.#open.length > 0) this.#leave();
    for (const place of this.#open.slice(1)) {
      place.close();
      this.#ranges.delete(place);
    }
    this.#open.splice(1);
    if (this.#open.length > 0) this.#restoreRange();
    let root = this.#roots.get(view);
    if (root === undefined) {
      root = this.#views.root(view, this.#desk);
      this.#roots.set(view, root);
    }
    this.#open = [root];
    this.#enter();
  }

  close(): void {
    this.#leave();
    for (const place of [...this.#open, ...this.#roots.values()]) place.close();
  }

  #keepRange(): void {
    if (!this.#ranges.has(this.top)) this.#ranges.set(this.top, this.#range.keep());
  }

  #restoreRange(): void {
    const kept = this.#ranges.get(this.top);
    this.#ranges.delete(this.top);
    if (kept !== undefined) this.#range.restore(kept);
  }

  #leave(): void {
    const place = this.top;
    this.#pollers.get(place)?.stop();
    this.#pollers.delete(place);
    place.leave();
  }

  #enter(): void {
    const place = this.top;
    place.enter();
    const fetched = { startMs: Number.NaN, endMs: Number.NaN };
    this.#pollers.set(
      place,
      startPoller(place, {
        changed: () => this.#desk.changed(),
        due: () => {
          const { startMs, endMs, live } = this.#range.window();
          if (!place.windowed || live || place.error !== undefined) return true;
          const stands = fetched.startMs === startMs && fetched.endMs === endMs;
          Object.assign(fetched, { startMs, endMs });
          return !stands;
        },
      }),
    );
    this.#desk.changed();
  }
}
