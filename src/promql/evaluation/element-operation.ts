/** One operator applied to two samples, floats or histograms. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { BinaryExpression } from '../expression.ts';
import { COMPARISONS } from '../expression.ts';
import { combine, compact, divide, equalHistograms, multiply, withHint } from '../histogram/operations.ts';
import { trimHistogram } from '../histogram/trim.ts';
import type { Annotations, HistogramOperation } from './annotations.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, type PointKind } from './row.ts';
import { compareFloats, scalarOperation } from './scalar-functions.ts';

export class ElementOperation {
  readonly #node: BinaryExpression;
  readonly #annotations: Annotations;
  readonly #isComparison: boolean;
  /** Where `run` puts its result. */
  value = 0;
  histogram: FloatHistogram | undefined;
  /** What is to be said of the last `run`; the caller says it. */
  remark: (() => void) | undefined;

  constructor(node: BinaryExpression, annotations: Annotations) {
    this.#node = node;
    this.#annotations = annotations;
    this.#isComparison = COMPARISONS.has(node.operator);
  }

  /** ABSENT where the two are incompatible (then there is a remark), or a comparison without `bool` does not hold; a comparison yields its left side. */
  run(
    left: number,
    leftHistogram: FloatHistogram | undefined,
    right: number,
    rightHistogram: FloatHistogram | undefined,
  ): PointKind {
    const { operator } = this.#node;
    this.remark = undefined;
    if (leftHistogram && rightHistogram) return this.#histograms(leftHistogram, rightHistogram);
    if (leftHistogram) return this.#histogramAndFloat(leftHistogram, right);
    if (rightHistogram) {
      if (operator !== '*') return this.#incompatible('float', 'histogram');
      return this.#yield(compact(multiply(rightHistogram, left)));
    }
    if (this.#isComparison) return this.#compared(compareFloats(operator, left, right), left);
    if (operator === '</' || operator === '>/') return this.#incompatible('float', 'float');
    this.value = scalarOperation(operator, left, right);
    return FLOAT_POINT;
  }

  #histogramAndFloat(left: FloatHistogram, right: number): PointKind {
    switch (this.#node.operator) {
      case '*':
        return this.#yield(compact(multiply(left, right)));
      case '/':
        return this.#yield(compact(divide(left, right)));
      case '</':
        return this.#yield(trimHistogram(left, right, 'below'));
      case '>/':
        return this.#yield(trimHistogram(left, right, 'above'));
      default:
        return this.#incompatible('histogram', 'float');
    }
  }

  #histograms(left: FloatHistogram, right: FloatHistogram): PointKind {
    switch (this.#node.operator) {
      case '+':
        return this.#combined(left, right, 1, 'addition');
      case '-':
        return this.#combined(left, right, -1, 'subtraction');
      case '==':
      case '!=': {
        const holds = equalHistograms(left, right) === (this.#node.operator === '==');
        if (this.#node.returnBool) return this.#compared(holds, Number.NaN);
        return holds ? this.#yield(left) : ABSENT;
      }
      default:
        return this.#incompatible('histogram', 'histogram');
    }
  }

  #combined(left: FloatHistogram, right: FloatHistogram, factor: 1 | -1, operation: HistogramOperation): PointKind {
    const result = combine(left, right, factor);
    if (!result) {
      this.remark = () => this.#annotations.incompatibleBuckets(this.#node.operator, this.#node);
      return ABSENT;
    }
    const { collision, boundsReconciled } = result;
    if (collision || boundsReconciled) {
      this.remark = () => {
        if (collision) this.#annotations.counterResetCollision(operation, this.#node);
        if (boundsReconciled) this.#annotations.boundsReconciled(operation, this.#node);
      };
    }
    return this.#yield(factor === -1 ? withHint(result.histogram, 'gauge') : result.histogram);
  }

  #compared(holds: boolean, left: number): PointKind {
    if (this.#node.returnBool) {
      this.value = holds ? 1 : 0;
      return FLOAT_POINT;
    }
    this.value = left;
    return holds ? FLOAT_POINT : ABSENT;
  }

  #yield(histogram: FloatHistogram): PointKind {
    this.histogram = histogram;
    return HISTOGRAM_POINT;
  }

  #incompatible(left: string, right: string): PointKind {
    this.remark = () => this.#annotations.incompatibleTypes(left, this.#node.operator, right, this.#node);
    return ABSENT;
  }
}
