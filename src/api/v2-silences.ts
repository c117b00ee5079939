/** The body of `POST /api/v2/silences`. */
import type { PostableSilence } from '../alerting/model.ts';
import { SilenceError, silenceMatcher } from '../alerting/silences.ts';
import type { Matcher, MatchOperator } from '../labels/matcher.ts';
import type { ApiRequest } from './route.ts';
import {
  booleanAt,
  labelsAt,
  objectAt,
  type Place,
  readBody,
  required,
  stringAt,
  timeAt,
  unparsable,
} from './v2-body.ts';
import { Refusal, refusal } from './v2-refusal.ts';

/** Throws Refusal. Fields are asked for in the order of Alertmanager's generated code, which names the first that is missing. */
export function readSilence(request: ApiRequest, nowMs: number): PostableSilence {
  const silence = objectAt(readBody(request, 'silence'), place(''), 'object') ?? {};
  const startsAtMs = timeAt(silence['startsAt'], place('startsAt'));
  const endsAtMs = timeAt(silence['endsAt'], place('endsAt'));
  const createdBy = stringAt(silence['createdBy'], place('createdBy'));
  const comment = stringAt(silence['comment'], place('comment'));
  const id = stringAt(silence['id'], { ...place('id'), goField: '.id' });
  const annotations = Object.fromEntries(labelsAt(silence['annotations'], place('annotations')));
  required(silence['comment'], place('comment'));
  required(silence['createdBy'], place('createdBy'));
  required(silence['endsAt'], place('endsAt'));
  const matchers = readMatchers(silence['matchers']);
  required(silence['startsAt'], place('startsAt'));
  const [start, end] = [startsAtMs ?? nowMs, endsAtMs ?? 0];
  if (start >= end) throw new Refusal(400, 'Failed to create silence: start time must be before end time');
  if (end < nowMs) throw new Refusal(400, "Failed to create silence: end time can't be in the past");
  return {
    id: id === '' ? undefined : id,
    matchers,
    startsAtMs: start,
    endsAtMs: end,
    createdBy,
    comment,
    annotations,
  };
}

function readMatchers(value: unknown): readonly Matcher[] {
  required(value, place('matchers'));
  if (!Array.isArray(value)) {
    throw unparsable(
      'silence',
      `json: cannot unmarshal ${typeof value} into Go struct field Silence.matchers of type models.Matchers`,
    );
  }
  if (value.length === 0) throw refusal(422, 612, 'matchers in body should have at least 1 items');
  return value.map(readMatcher);
}

function readMatcher(value: unknown, index: number): Matcher {
  const at = (field: string): Place => ({
    what: 'silence',
    path: `matchers.${index}.${field}`,
    goField: `Matcher.matchers.${field}`,
  });
  const matcher = objectAt(value, place('matchers'), 'models.Matcher') ?? {};
  const isEqual = booleanAt(matcher['isEqual'], at('isEqual'), true);
  const isRegex = booleanAt(matcher['isRegex'], at('isRegex'), false);
  const name = stringAt(matcher['name'], at('name'));
  const text = stringAt(matcher['value'], at('value'));
  for (const field of ['isRegex', 'name', 'value']) required(matcher[field], at(field));
  const operator: MatchOperator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
  try {
    return silenceMatcher(operator, name, text, index);
  } catch (error) {
    if (error instanceof SilenceError) throw new Refusal(400, error.message);
    throw error;
  }
}

function place(path: string): Place {
  return { what: 'silence', path, goField: `Silence.${path}` };
}
