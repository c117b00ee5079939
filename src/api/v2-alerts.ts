/** The body of `POST /api/v2/alerts`: alerts that are sound are taken, the others are named. */
import type { PostableAlert } from '../alerting/model.ts';
import { Labels } from '../labels/labels.ts';
import type { ApiRequest } from './route.ts';
import { labelsAt, objectAt, type Place, readBody, required, stringAt, timeAt, unparsable } from './v2-body.ts';
import { refusal } from './v2-refusal.ts';

export interface ReadAlerts {
  readonly accepted: readonly PostableAlert[];
  /** What is wrong with the others, in Alertmanager's words. */
  readonly error: string | undefined;
}

/**
 * Throws Refusal where the body as a whole cannot be used. `resolveTimeoutMs` is how long an alert without an end fires;
 * undefined: not known, and no start is too late then.
 */
export function readAlerts(request: ApiRequest, nowMs: number, resolveTimeoutMs: number | undefined): ReadAlerts {
  const body = readBody(request, 'alerts');
  // Go takes null for no alerts at all.
  if (body === null) return { accepted: [], error: undefined };
  if (!Array.isArray(body)) {
    throw unparsable('alerts', `json: cannot unmarshal ${kindOf(body)} into Go value of type models.PostableAlerts`);
  }
  const accepted: PostableAlert[] = [];
  const errors: string[] = [];
  for (const alert of body.map(readAlert)) {
    const error = alertError(alert, nowMs, resolveTimeoutMs);
    if (error !== undefined) errors.push(error);
    else
      accepted.push({
        ...alert,
        labels: Labels.fromPairs(alert.labels),
        annotations: Labels.annotations(Object.fromEntries(alert.annotations)),
      });
  }
  return { accepted, error: errors.length === 0 ? undefined : errors.join('\n') };
}

type RawAlert = Omit<PostableAlert, 'labels' | 'annotations'> & {
  readonly labels: readonly (readonly [string, string])[];
  readonly annotations: readonly (readonly [string, string])[];
};

function readAlert(value: unknown, index: number): RawAlert {
  // The generated code reads these fields by a struct of their own, without a name.
  const place = (field: string): Place => ({
    what: 'alerts',
    path: `${index}.${field}`,
    goField: field === 'labels' || field === 'generatorURL' ? `Alert.${field}` : `.${field}`,
  });
  const alert =
    objectAt(value, { what: 'alerts', path: String(index), goField: 'models.PostableAlerts' }, 'object') ?? {};
  const startsAtMs = timeAt(alert['startsAt'], place('startsAt'));
  const endsAtMs = timeAt(alert['endsAt'], place('endsAt'));
  const labels = labelsAt(alert['labels'], place('labels'));
  const annotations = labelsAt(alert['annotations'], place('annotations'));
  const generatorUrl = stringAt(alert['generatorURL'], place('generatorURL'));
  required(alert['labels'], place('labels'));
  if (generatorUrl !== '' && !isUri(generatorUrl)) {
    throw refusal(422, 601, `${index}.generatorURL in body must be of type uri: ${JSON.stringify(generatorUrl)}`);
  }
  return { labels: labels.filter(([, text]) => text !== ''), annotations, startsAtMs, endsAtMs, generatorUrl };
}

function alertError(alert: RawAlert, nowMs: number, resolveTimeoutMs: number | undefined): string | undefined {
  const startsAtMs = alert.startsAtMs ?? alert.endsAtMs ?? nowMs;
  const endsAtMs = alert.endsAtMs ?? nowMs + (resolveTimeoutMs ?? Number.POSITIVE_INFINITY);
  if (endsAtMs < startsAtMs) return 'start time must be before end time';
  if (alert.labels.length === 0) return 'at least one label pair required';
  return labelSetError('label set', alert.labels) ?? labelSetError('annotations', alert.annotations);
}

function labelSetError(what: string, pairs: readonly (readonly [string, string])[]): string | undefined {
  for (const [name] of pairs) {
    if (name === '') return `invalid ${what}: invalid name ""`;
  }
  return undefined;
}

/** As Go's url.ParseRequestURI: absolute, or a path. */
function isUri(text: string): boolean {
  return text.startsWith('/') ? !/[\s\u0000-\u001f]/.test(text) : URL.canParse(text);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
