/** Durations: how many, how long together, and the distribution of the last ones. */

const REMEMBERED = 500;

export class DurationSummary {
  count = 0;
  sumSeconds = 0;
  readonly #last: number[] = [];

  add(seconds: number): void {
    this.#last[this.count++ % REMEMBERED] = seconds;
    this.sumSeconds += seconds;
  }

  /** The smallest of the last durations that `fraction` (0 to 1) of them do not exceed; NaN where there are none. */
  quantile(fraction: number): number {
    const sorted = Float64Array.from(this.#last).sort();
    return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
  }
}
