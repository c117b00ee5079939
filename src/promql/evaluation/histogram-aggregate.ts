/** Sum and mean of histograms taken in one after the other. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { divide } from '../histogram/operations.ts';
import { HistogramSum } from '../histogram/sum.ts';

abstract class HistogramAggregate {
  boundsReconciled = false;
  #resetSeen = false;
  #notResetSeen = false;

  /** A hint `reset` and a hint `not-reset` came together. */
  get collision(): boolean {
    return this.#resetSeen && this.#notResetSeen;
  }

  /** Undefined until the first. */
  abstract result(): FloatHistogram | undefined;

  /** False where it does not go with those before. */
  abstract add(histogram: FloatHistogram): boolean;

  protected note({ counterResetHint }: FloatHistogram): void {
    if (counterResetHint === 'reset') this.#resetSeen = true;
    else if (counterResetHint === 'not-reset') this.#notResetSeen = true;
  }
}

export class HistogramTotal extends HistogramAggregate {
  #sum: HistogramSum | undefined;

  override add(histogram: FloatHistogram): boolean {
    this.note(histogram);
    if (!this.#sum) {
      this.#sum = new HistogramSum(histogram);
      return true;
    }
    const outcome = this.#sum.add(histogram);
    if (outcome === 'bounds-reconciled') this.boundsReconciled = true;
    return outcome !== 'incompatible';
  }

  override result(): FloatHistogram | undefined {
    return this.#sum?.result();
  }
}

/** Of the sum while that is finite, incremental from there on. */
export class HistogramMean extends HistogramAggregate {
  #sum: HistogramSum | undefined;
  #count = 0;
  #incremental = false;

  override add(histogram: FloatHistogram): boolean {
    this.note(histogram);
    this.#count++;
    if (!this.#sum) {
      this.#sum = new HistogramSum(histogram);
      return true;
    }
    const count = this.#count;
    if (!this.#incremental) {
      const next = this.#sum.copy();
      if (!this.#take(next, histogram)) return false;
      if (!next.hasOverflow) {
        this.#sum = next;
        return true;
      }
      this.#incremental = true;
      this.#sum.divide(count - 1);
    }
    this.#sum.scale((count - 1) / count);
    return this.#take(this.#sum, divide(histogram, count));
  }

  override result(): FloatHistogram | undefined {
    if (!this.#sum) return undefined;
    if (!this.#incremental) this.#sum.divide(this.#count);
    this.#incremental = true;
    return this.#sum.result();
  }

  #take(sum: HistogramSum, histogram: FloatHistogram): boolean {
    const outcome = sum.add(histogram);
    if (outcome === 'bounds-reconciled') this.boundsReconciled = true;
    return outcome !== 'incompatible';
  }
}
