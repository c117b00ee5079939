/** Compensated summation (Kahan, Babuška, Neumaier), as Prometheus sums up. */

/** The compensation that goes with `sum + addend`, given the one before. */
export function compensate(sum: number, addend: number, total: number, compensation: number): number {
  if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) return 0;
  return Math.abs(sum) >= Math.abs(addend)
    ? compensation + (sum - total + addend)
    : compensation + (addend - total + sum);
}
