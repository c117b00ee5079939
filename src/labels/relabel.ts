/** Relabelling: what a step is. */
import type { RE2JS } from 're2js';

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase';

/** One step, defaults filled in. */
export interface RelabelConfig {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** The pattern as written. */
  readonly regex: string;
  /** The pattern anchored and compiled. */
  readonly compiled: RE2JS;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
  readonly action: RelabelAction;
  /** Whether names outside the legacy alphabet may be made. */
  readonly utf8Names: boolean;
}
