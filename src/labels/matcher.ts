/** Label matchers `=`, `!=`, `=~`, `!~` as PromQL and Alertmanager use them. */
import { isLegacyLabelName, type Labels, quote } from './labels.ts';
import { type AnchoredRegexp, compileAnchored } from './regexp.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export class Matcher {
  readonly operator: MatchOperator;
  readonly name: string;
  readonly value: string;
  /** The compiled pattern of `=~` and `!~`. */
  readonly regexp: AnchoredRegexp | undefined;

  /** Throws RegexpError where a pattern does not compile. */
  constructor(operator: MatchOperator, name: string, value: string) {
    this.operator = operator;
    this.name = name;
    this.value = value;
    this.regexp = operator === '=~' || operator === '!~' ? compileAnchored(value) : undefined;
  }

  get isNegative(): boolean {
    return this.operator === '!=' || this.operator === '!~';
  }

  /** `value` is the empty string for a label that is missing. */
  matches(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.value;
      case '!=':
        return value !== this.value;
      case '=~':
        return this.regexp!.test(value);
      case '!~':
        return !this.regexp!.test(value);
    }
  }

  /** `name="value"`, with a name outside the legacy alphabet quoted. */
  toString(): string {
    return `${isLegacyLabelName(this.name) ? this.name : quote(this.name)}${this.operator}${quote(this.value)}`;
  }
}

export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false;
  return true;
}
