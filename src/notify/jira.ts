/** Jira: an issue a group, found again by a label, updated, reopened and resolved by transitions. */
import type { Notification, Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { HttpClient } from '../http/client.ts';
import {
  bodyJson,
  type ChannelContext,
  DELIVERED,
  failed,
  groupHash,
  isOutcome,
  jsonRequest,
  outcomeOf,
  send,
  truncateRunes,
} from './channel.ts';
import { expandTemplates } from './expand-templates.ts';
import { FieldError, type Fields } from './fields.ts';
import { inByteOrder } from './go-json.ts';
import { type Rendering, statusOf } from './template-data.ts';

const LONGEST_SUMMARY_RUNES = 255;
const LONGEST_DESCRIPTION_RUNES = 32_767;

interface Issue {
  readonly key: string;
  readonly done: boolean;
}

export function jiraNotifier({ fields, http, render }: ChannelContext): Notifier {
  return {
    async notify(notification, signal) {
      const rendering = render(notification);
      const api = new JiraApi(fields, http, signal);
      const firing = statusOf(notification) === 'firing';
      const found = await findIssue(api, fields, notification, rendering, firing);
      if ('outcome' in found) return found.outcome;
      const { issue } = found;
      // Nobody wants an issue for what is over already.
      if (issue === undefined && !firing) return DELIVERED;
      const body = { fields: inByteOrder(issueFields(fields, notification, rendering, issue !== undefined)) };
      const saved = await (issue === undefined
        ? api.call('POST', 'issue', body)
        : api.call('PUT', `issue/${issue.key}`, body));
      if (isFailed(saved)) return saved;
      return issue === undefined ? DELIVERED : transition(api, fields, issue, firing);
    },
  };
}

class JiraApi {
  readonly #fields: Fields;
  readonly #http: HttpClient;
  readonly #signal: AbortSignal;

  constructor(fields: Fields, http: HttpClient, signal: AbortSignal) {
    this.#fields = fields;
    this.#http = http;
    this.#signal = signal;
  }

  /** What the API answered, or how it failed. `path` is below the API's address, or a whole URL. */
  async call(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> {
    const url = path.includes('://') ? path : `${this.baseUrl}/${path}`;
    const request = { ...jsonRequest(url, body ?? {}, { 'Accept-Language': 'en' }), method };
    const answer = await send(this.#http, method === 'GET' ? { ...request, body: undefined } : request, this.#signal);
    if (isOutcome(answer)) return answer;
    const outcome = outcomeOf(answer);
    return outcome.ok ? bodyJson(answer) : { ...outcome, error: `Jira ${method} ${path}: ${outcome.error}` };
  }

  get baseUrl(): string {
    return this.#fields.text('api_url').replace(/\/$/, '');
  }

  /** Jira Cloud has given up the older search. */
  get searchUrl(): string {
    const type = this.#fields.text('api_type');
    const cloud = type === 'cloud' || (type === 'auto' && new URL(this.baseUrl).host.endsWith('atlassian.net'));
    return cloud ? `${this.baseUrl}/search/jql`.replace('/rest/api/2/', '/rest/api/3/') : `${this.baseUrl}/search`;
  }
}

function isFailed(answer: unknown): answer is NotifyOutcome & { readonly ok: false } {
  return typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === false && 'retry' in answer;
}

async function findIssue(
  api: JiraApi,
  fields: Fields,
  notification: Notification,
  rendering: Rendering,
  firing: boolean,
): Promise<{ readonly issue: Issue | undefined } | { readonly outcome: NotifyOutcome }> {
  const reopenMinutes = Math.trunc(fields.number('reopen_duration', 0) / 60_000);
  const reopens = firing && fields.text('reopen_transition') !== '' && reopenMinutes > 0;
  const wontFix = fields.text('wont_fix_resolution');
  const jql =
    // An issue that has no resolution is not "not won't fix" to Jira.
    (wontFix === '' ? '' : `(resolution is EMPTY or resolution != ${JSON.stringify(wontFix)}) and `) +
    (reopens
      ? `(resolutiondate is EMPTY OR resolutiondate >= -${reopenMinutes}m) and `
      : 'statusCategory != Done and ') +
    `project=${JSON.stringify(rendering.text(fields.text('project')))} and labels=${JSON.stringify(groupLabel(notification))}` +
    ' order by status ASC,resolutiondate DESC';
  const answer = await api.call('POST', api.searchUrl, { fields: ['status'], jql, maxResults: 2 });
  if (isFailed(answer)) return { outcome: answer };
  return { issue: firstIssue(answer) };
}

function firstIssue(answer: unknown): Issue | undefined {
  const { issues } = answer as {
    issues?: readonly { key?: string; fields?: { status?: { statusCategory?: { key?: string } } } }[];
  };
  const [issue] = issues ?? [];
  if (issue?.key === undefined) return undefined;
  return { key: issue.key, done: issue.fields?.status?.statusCategory?.key === 'done' };
}

function issueFields(
  fields: Fields,
  notification: Notification,
  rendering: Rendering,
  update: boolean,
): Record<string, unknown> {
  const text = (name: string): string => rendering.text(fields.text(name));
  const written = (name: string): boolean => !update || fields.object(name).flag('enable_update', true);
  const summary = truncateRunes(rendering.text(fields.object('summary').text('template')), LONGEST_SUMMARY_RUNES);
  const description = descriptionOf(fields, rendering);
  const priority = text('priority');
  const labels = [...fields.strings('labels').map((label) => rendering.text(label)), groupLabel(notification)].sort();
  return {
    ...(written('summary') ? { summary } : {}),
    ...(written('description') && description !== undefined ? { description } : {}),
    issuetype: { name: text('issue_type') },
    labels,
    ...(priority === '' ? {} : { priority: { name: priority } }),
    project: { key: text('project') },
    ...(expandTemplates(fields.raw('fields') ?? {}, rendering) as object),
  };
}

/** Version 3 of the API takes a document (JSON), version 2 a text. */
function descriptionOf(fields: Fields, rendering: Rendering): unknown {
  const template = fields.object('description').text('template');
  const text = truncateRunes(rendering.text(template), LONGEST_DESCRIPTION_RUNES);
  if (!/\/3\/*$/.test(fields.text('api_url'))) return text === '' ? undefined : text;
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new FieldError('description template: invalid JSON for API v3');
  }
}

async function transition(api: JiraApi, fields: Fields, issue: Issue, firing: boolean): Promise<NotifyOutcome> {
  const name = fields.text(firing ? 'reopen_transition' : 'resolve_transition');
  if (name === '' || issue.done !== firing) return DELIVERED;
  const known = await api.call('GET', `issue/${issue.key}/transitions`);
  if (isFailed(known)) return known;
  const { transitions } = known as { transitions?: readonly { id?: string; name?: string }[] };
  const id = transitions?.find((each) => each.name === name)?.id;
  if (id === undefined) return failed(`can't find transition ${name} for issue ${issue.key}`);
  const done = await api.call('POST', `issue/${issue.key}/transitions`, { transition: { id } });
  return isFailed(done) ? done : DELIVERED;
}

/** By which the group's issue is found again. */
function groupLabel(notification: Notification): string {
  return `ALERT{${groupHash(notification)}}`;
}
