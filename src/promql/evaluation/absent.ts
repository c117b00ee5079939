/** `absent` and what the series it makes is called. */
import { Labels, METRIC_NAME } from '../../labels/labels.ts';
import type { Expression } from '../expression.ts';

/** The labels that a selector fixes to one value: those of its `=` matchers, but for names that occur twice. */
export function absentLabels(expression: Expression): Labels {
  const selector = expression.kind === 'matrix-selector' ? expression.selector : expression;
  if (selector.kind !== 'vector-selector') return Labels.EMPTY;
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const matcher of selector.matchers) {
    if (matcher.name === METRIC_NAME) continue;
    if (matcher.operator === '=' && !seen.has(matcher.name)) {
      values.set(matcher.name, matcher.value);
      seen.add(matcher.name);
    } else {
      values.delete(matcher.name);
    }
  }
  return Labels.fromPairs(values);
}
