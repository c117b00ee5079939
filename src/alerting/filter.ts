/** Which alerts a question of the API is about. */
import type { Labels } from '../labels/labels.ts';
import { matchesAll } from '../labels/matcher.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import { compileRe2 } from '../labels/regexp.ts';
import type { AlertStatus } from './model.ts';

export interface AlertFilter {
  /** Alertmanager matchers, e.g. `severity="critical"`. */
  readonly matchers?: readonly string[] | undefined;
  readonly active?: boolean | undefined;
  readonly silenced?: boolean | undefined;
  readonly inhibited?: boolean | undefined;
  readonly unprocessed?: boolean | undefined;
  readonly muted?: boolean | undefined;
  /** Anchored regular expression on the receiver's name. */
  readonly receiver?: string | undefined;
}

export interface CompiledFilter {
  labels(labels: Labels): boolean;
  status(status: AlertStatus): boolean;
  receiver(name: string): boolean;
}

/** Throws Error with the parser's text where a matcher or the receiver's pattern is wrong. */
export function compileFilter(filter: AlertFilter): CompiledFilter {
  const matchers = (filter.matchers ?? []).map(parseMatcher);
  const receiver = filter.receiver === undefined ? undefined : compileRe2(`^(?:${filter.receiver})$`);
  return {
    labels: (labels) => matchesAll(matchers, labels),
    status: (status) =>
      !(filter.active === false && status.state === 'active') &&
      !(filter.silenced === false && status.silencedBy.length > 0) &&
      !(filter.inhibited === false && status.inhibitedBy.length > 0),
    receiver: (name) => receiver === undefined || receiver.matcher(name).find(),
  };
}
