/** The filters of Alertmanager's API: matchers on labels, on receivers, on silences. */
import type { Silence } from '../alerting/model.ts';
import { Labels } from '../labels/labels.ts';
import { type Matcher, matchesAll } from '../labels/matcher.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import { compileRe2 } from '../labels/regexp.ts';
import type { NotifierStatus } from '../monitor/sources.ts';
import { Refusal } from './v2-refusal.ts';

/** The matchers of a parameter that may be repeated. Throws Refusal, `prefix` before the parser's text. */
export function parseFilters(query: URLSearchParams, name: string, prefix: string): readonly Matcher[] {
  try {
    return query.getAll(name).map(parseMatcher);
  } catch (error) {
    throw new Refusal(400, `${prefix}${error instanceof Error ? error.message : String(error)}`);
  }
}

/** By `receiver` (an anchored pattern on the name) and `receiver_matchers` (on its labels). Throws Refusal. */
export function receiverFilter(query: URLSearchParams, status: NotifierStatus): (receiver: string) => boolean {
  const matchers = parseFilters(query, 'receiver_matchers', 'failed to parse receiver_matchers param: ');
  const pattern = query.get('receiver');
  const compiled = pattern === null || pattern === '' ? undefined : compilePattern(pattern);
  return (receiver) =>
    (compiled === undefined || compiled.test(receiver)) &&
    (matchers.length === 0 || matchesAll(matchers, Labels.of(receiverLabels(status, receiver))));
}

/** Every receiver has at least its name for a label. */
export function receiverLabels(status: NotifierStatus, receiver: string): Readonly<Record<string, string>> {
  return { name: receiver, ...status.receiverLabels?.[receiver] };
}

/** A silence is kept where each of the filters is, to the letter, one of its matchers. */
export function keepsSilence(silence: Silence, filters: readonly Matcher[]): boolean {
  return filters.every((filter) =>
    silence.matchers.some(
      ({ name, operator, value }) => name === filter.name && operator === filter.operator && value === filter.value,
    ),
  );
}

function compilePattern(pattern: string): { test(text: string): boolean } {
  try {
    const compiled = compileRe2(`^(?:${pattern})$`);
    return { test: (text) => compiled.matcher(text).find() };
  } catch (error) {
    throw new Refusal(400, `failed to parse receiver param: ${error instanceof Error ? error.message : String(error)}`);
  }
}
