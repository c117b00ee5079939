/** Whether a span is what a search looks for: every condition on this one span (Jaeger's search). */
import { compileAnchored } from '../labels/regexp.ts';
import { attributeText } from './attribute.ts';
import type { SpanOutline } from './outline.ts';
import type { AttributeValue, Span, TraceQuery } from './trace.ts';

/** What can be said without the tags. */
export function outlineMatcher(query: TraceQuery): (span: Omit<SpanOutline, 'isRoot'>) => boolean {
  const { service, operation, minDurationUs, maxDurationUs, startUs, endUs } = query;
  return (span) =>
    (service === undefined || service === '' || span.service === service) &&
    (operation === undefined || operation === '' || span.name === operation) &&
    (minDurationUs === undefined || span.durationUs >= minDurationUs) &&
    (maxDurationUs === undefined || span.durationUs <= maxDurationUs) &&
    (startUs === undefined || span.startUs >= startUs) &&
    (endUs === undefined || span.startUs <= endUs);
}

/** Throws where `tagsAreRegexps` and a value is no regular expression. */
export function spanMatcher(query: TraceQuery): (span: Span) => boolean {
  const isOutlined = outlineMatcher(query);
  const tags = Object.entries(query.tags ?? {}).map(([key, wanted]) => ({
    key,
    matches: query.tagsAreRegexps ? wholeMatch(wanted) : (text: string) => text === wanted,
  }));
  return (span) => isOutlined(span) && tags.every(({ key, matches }) => hasTag(span, key, matches));
}

function wholeMatch(pattern: string): (text: string) => boolean {
  const regexp = compileAnchored(pattern);
  return (text) => regexp.test(text);
}

function hasTag(span: Span, key: string, matches: (text: string) => boolean): boolean {
  const isMatch = (attributes: Readonly<Record<string, AttributeValue>> | undefined): boolean => {
    const value = attributes !== undefined && Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    return value !== undefined && matches(attributeText(value));
  };
  return (
    isMatch(span.attributes) ||
    isMatch(span.resource) ||
    isMatch(span.scopeAttributes) ||
    span.events.some((event) => isMatch(event.attributes)) ||
    span.references.some((reference) => isMatch(reference.attributes)) ||
    // What Jaeger shows as tags, and its users therefore search by.
    (key === 'error' && span.error && matches('true')) ||
    (key === 'span.kind' && matches(span.kind))
  );
}
