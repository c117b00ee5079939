/** Asks several sources side by side: each is asked again once it has answered, and none waits for another. */
import { messageOf } from './poller.ts';

/** A value, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

export type Answers<T> = { readonly [K in keyof T]?: Answer<T[K]> };

export type AskEach<T> = { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> };

export class Asks<T extends object> {
  /** The newest answer of each; nothing where there was none yet. */
  answers: Answers<T> = {};
  readonly #patienceMs: number;
  readonly #landed: () => void;
  readonly #open = new Map<keyof T, { readonly controller: AbortController; readonly done: Promise<void> }>();
  #about = '';

  /** `patienceMs`: for how long `ask` waits for the slow ones. `landed` is called at every answer. */
  constructor(patienceMs: number, landed: () => void) {
    this.#patienceMs = patienceMs;
    this.#landed = landed;
  }

  /**
   * Asks whoever is not being asked already. Resolves when all have answered or patience ends; late answers land by
   * themselves. What is asked `about` something else, or under a signal that aborts, is given up.
   */
  async ask(about: string, each: AskEach<T>, signal: AbortSignal): Promise<void> {
    if (about !== this.#about) this.close();
    this.#about = about;
    for (const name of Object.keys(each) as (keyof T)[]) if (!this.#open.has(name)) this.#start(name, each[name]);
    const giveUp = (): void => this.close();
    signal.addEventListener('abort', giveUp, { once: true });
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, this.#patienceMs);
    await Promise.race([Promise.all([...this.#open.values()].map(({ done }) => done)), patience.promise]);
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }

  #start<K extends keyof T>(name: K, ask: AskEach<T>[K]): void {
    const controller = new AbortController();
    const done = answered(ask(controller.signal)).then((answer) => {
      if (controller.signal.aborted) return;
      this.#open.delete(name);
      this.answers = { ...this.answers, [name]: answer };
      this.#landed();
    });
    this.#open.set(name, { controller, done });
  }

  /** Gives up what is open. */
  close(): void {
    for (const { controller } of this.#open.values()) controller.abort();
    this.#open.clear();
  }
}

async function answered<T>(work: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
