/** Has rule groups evaluated as soon as a target is scraped that they read, and then those that read what they write. */
import type { GroupRunner } from './group-runner.ts';
import { type RuleInput, RuleInputs } from './rule-inputs.ts';

export class AfterScrape {
  #runners: readonly GroupRunner[] = [];
  #inputs = new RuleInputs([]);
  #firstReaders = new WeakMap<RuleInput, readonly number[]>();

  /** Takes the groups over that run now. */
  apply(runners: Iterable<GroupRunner>): void {
    this.#runners = [...runners];
    const inputs = new RuleInputs(this.#runners.map(({ group }) => group.config));
    this.#inputs = inputs;
    this.#firstReaders = new WeakMap();
    for (const [index, runner] of this.#runners.entries()) {
      const readers = inputs.readersOf(index).map((reader) => this.#runners[reader]!);
      runner.onFresh = () => {
        for (const reader of readers) reader.evaluateSoon();
      };
    }
  }

  /** `hasNewSeries`: since the last time. */
  scraped(input: RuleInput, hasNewSeries: boolean): void {
    let readers = hasNewSeries ? undefined : this.#firstReaders.get(input);
    if (readers === undefined) {
      readers = this.#inputs.firstReadersOf(input);
      this.#firstReaders.set(input, readers);
    }
    for (const reader of readers) this.#runners[reader]!.evaluateSoon();
  }
}
