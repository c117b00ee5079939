/** The variables of a template that runs: `$` first, those of inner blocks behind those of outer ones, which they hide. */
export interface Variable {
  readonly name: string;
  value: unknown;
}

export class Variables {
  readonly #all: Variable[];

  /** `data` is what `$` stands for. */
  constructor(data: unknown) {
    this.#all = [{ name: '$', value: data }];
  }

  /** How many there are: what `release` goes back to at a block's end. */
  get count(): number {
    return this.#all.length;
  }

  declare(name: string, value: unknown): void {
    this.#all.push({ name, value });
  }

  find(name: string): Variable | undefined {
    return this.#all.findLast((each) => each.name === name);
  }

  /** Those declared last, in the order of their declaration. */
  last(count: number): readonly Variable[] {
    return this.#all.slice(this.#all.length - count);
  }

  /** Forgets what was declared since there were `count`. */
  release(count: number): void {
    this.#all.length = count;
  }
}
