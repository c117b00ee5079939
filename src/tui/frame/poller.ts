/** Fetches one place again and again: abortable, never two at once, the error shown and not thrown. */
import type { Place } from './place.ts';

export interface Poller {
  /** Fetches now; one under way is given up first. */
  now(): void;
  stop(): void;
  readonly busy: boolean;
}

export interface PollerOptions {
  /** May it fetch again by itself? */
  due(): boolean;
  changed(): void;
}

export function startPoller(place: Place, options: PollerOptions): Poller {
  let controller: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async (): Promise<void> => {
    clearTimeout(timer);
    const own = new AbortController();
    controller?.abort();
    controller = own;
    const signal = own.signal;
    try {
      await place.fetch(signal);
      if (signal.aborted) return;
      place.error = undefined;
      place.loaded = true;
    } catch (error) {
      if (signal.aborted) return;
      place.error = messageOf(error);
    }
    controller = undefined;
    if (!stopped) {
      options.changed();
      arm();
    }
  };
  const arm = (): void => {
    timer = setTimeout(() => {
      if (options.due()) void run();
      else arm();
    }, place.refreshMs);
  };
  void run();
  return {
    now: () => void run(),
    stop() {
      stopped = true;
      clearTimeout(timer);
      controller?.abort();
      controller = undefined;
    },
    get busy() {
      return controller !== undefined;
    },
  };
}

export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}
