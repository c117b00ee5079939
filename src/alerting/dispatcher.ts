/** Sorts alerts into the groups of the routes that they take, and answers which groups there are. */
import type { Clock } from '../config/clock.ts';
import type { Labels } from '../labels/labels.ts';
import { compareAlerts, compareLabelSets, type StoredAlert } from './alert.ts';
import { Group, type Notify } from './group.ts';
import type { Route } from './route-tree.ts';

export class Dispatcher {
  readonly route: Route;
  readonly #clock: Clock;
  readonly #notify: Notify;
  readonly #groups = new Map<Route, Map<string, Group>>();
  #stopped = false;

  constructor(route: Route, clock: Clock, notify: Notify) {
    this.route = route;
    this.#clock = clock;
    this.#notify = notify;
  }

  dispatch(alert: StoredAlert): void {
    if (this.#stopped) return;
    for (const route of this.route.match(alert.labels)) this.#insert(route, alert);
  }

  /** Ordered as Alertmanager's API lists them: by labels, then receiver. */
  groups(): readonly Group[] {
    return [...this.#groups.values()]
      .flatMap((groups) => [...groups.values()])
      .sort(
        (a, b) => compareLabelSets(a.labels, b.labels) || (a.route.config.receiver < b.route.config.receiver ? -1 : 1),
      );
  }

  groupOf(route: Route, labels: Labels): Group | undefined {
    return this.#groups.get(route)?.get(route.groupLabels(labels).key);
  }

  /** The fingerprints of all alerts that a group still holds. */
  held(): ReadonlySet<string> {
    return new Set(this.groups().flatMap((group) => group.alerts().map(({ fingerprint }) => fingerprint)));
  }

  /** No further flush and no further attempt; resolves when what is under way has ended, or was cancelled after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    const groups = this.groups();
    const giveUp = this.#clock.after(graceMs, () => {
      for (const group of groups) void group.stop(true);
    });
    await Promise.all(groups.map((group) => group.stop(false)));
    giveUp.cancel();
  }

  #insert(route: Route, alert: StoredAlert): void {
    const labels = route.groupLabels(alert.labels);
    let groups = this.#groups.get(route);
    if (groups === undefined) {
      groups = new Map();
      this.#groups.set(route, groups);
    }
    const known = groups.get(labels.key);
    if (known !== undefined) {
      known.insert(alert);
      return;
    }
    const group: Group = new Group(route, labels, this.#clock, this.#notify, () => {
      groups.delete(labels.key);
    });
    groups.set(labels.key, group);
    group.insert(alert);
    group.start(alert);
  }
}

/** In the order in which alerts are best dispatched anew: the oldest decides whether a group has waited enough. */
export function oldestFirst(alerts: Iterable<StoredAlert>): readonly StoredAlert[] {
  return [...alerts].sort((a, b) => a.startsAtMs - b.startsAtMs || compareAlerts(a, b));
}
