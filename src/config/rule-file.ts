/** A Prometheus rule file once read. Expressions and templates are text here: `rules/` compiles them. */
import type { SourcePlace } from './prometheus-config.ts';

export interface RuleGroupConfig {
  readonly place: SourcePlace;
  readonly name: string;
  /** Undefined: the global evaluation interval. */
  readonly intervalMs?: number | undefined;
  readonly queryOffsetMs?: number | undefined;
  /** 0: no limit. */
  readonly limit: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly rules: readonly RuleConfig[];
}

export interface RuleConfig {
  readonly place: SourcePlace;
  /** Where the value of `expr`, and of each label and annotation, begins, for errors inside of them. */
  readonly expressionPlace: SourcePlace;
  readonly kind: 'alerting' | 'recording';
  /** `alert` or `record`. */
  readonly name: string;
  readonly expression: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labelPlaces: Readonly<Record<string, SourcePlace>>;
  readonly annotationPlaces: Readonly<Record<string, SourcePlace>>;
}

export interface RuleFile {
  readonly file: string;
  readonly groups: readonly RuleGroupConfig[];
}
