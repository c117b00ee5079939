/** Incident and push services: pagerduty, opsgenie, victorops, incidentio, jira, pushover, sns. */
import { freeValue, goDuration, goDurationText, hasOpenAction, webUrl } from '../alertmanager-values.ts';
import { sigv4, sigv4WithSession } from '../cloud-credentials.ts';
import {
  boolean,
  FAILED,
  field,
  list,
  mapping,
  optional,
  plainStruct,
  struct,
  type Type,
  text,
  toRecord,
  unsigned,
} from '../schema.ts';
import { duration, filePath, secret, textMap, urlText } from '../value-types.ts';
import { atMostOneOf, integration, isGiven, oneOfRequired, type RawIntegration, record } from './integration.ts';

export const pagerdutyIntegration = integration(
  'pagerduty',
  true,
  {
    service_key: field(secret),
    service_key_file: field(filePath),
    routing_key: field(secret),
    routing_key_file: field(filePath),
    url: field(webUrl),
    client: field(text, '{{ template "pagerduty.default.client" . }}'),
    client_url: field(text, '{{ template "pagerduty.default.clientURL" . }}'),
    description: field(text, '{{ template "pagerduty.default.description" .}}'),
    details: field(mapping(freeValue)),
    images: field(list(plainStruct('PagerdutyImage', { src: field(text), alt: field(text), href: field(text) }))),
    links: field(list(plainStruct('PagerdutyLink', { href: field(text), text: field(text) }))),
    source: field(text),
    severity: field(text),
    class: field(text),
    component: field(text),
    group: field(text),
    timeout: field(goDuration),
  },
  (raw, at) => {
    const keys = [raw.routing_key, raw.service_key, raw.routing_key_file, raw.service_key_file];
    if (!keys.some(isGiven)) at.fail(at.place, 'missing service or routing key in PagerDuty config');
    atMostOneOf(raw, at, 'routing_key', 'routing_key_file');
    atMostOneOf(raw, at, 'service_key', 'service_key_file');
  },
  (raw) => ({ source: raw.source || raw.client, details: { ...DEFAULT_DETAILS, ...toRecord(raw.details) } }),
);

const DEFAULT_DETAILS = {
  firing: '{{ .Alerts.Firing | toJson }}',
  resolved: '{{ .Alerts.Resolved | toJson }}',
  num_firing: '{{ .Alerts.Firing | len }}',
  num_resolved: '{{ .Alerts.Resolved | len }}',
};

const responder = struct(
  'opsgenie.OpsGenieConfigResponder',
  { id: field(text), name: field(text), username: field(text), type: field(text) },
  (raw, at) => {
    if (raw.id === '' && raw.name === '' && raw.username === '') {
      at.fail(at.place, 'opsGenieConfig responder has to have at least one of id, username or name specified');
    }
    if (raw.type.includes('{{')) {
      if (hasOpenAction(raw.type)) at.fail('type', 'opsGenieConfig responder type contains invalid template syntax');
      return raw;
    }
    const type = raw.type.toLowerCase();
    if (!['team', 'teams', 'user', 'escalation', 'schedule'].includes(type)) {
      const options = '^(team|teams|user|escalation|schedule)$';
      at.fail('type', `opsGenieConfig responder type does not match valid options ${options}`);
    }
    return { ...raw, type };
  },
);

export const opsgenieIntegration = integration(
  'opsgenie',
  true,
  {
    api_key: field(secret),
    api_key_file: field(filePath),
    api_url: field(webUrl),
    message: field(text, '{{ template "opsgenie.default.message" . }}'),
    description: field(text, '{{ template "opsgenie.default.description" . }}'),
    source: field(text, '{{ template "opsgenie.default.source" . }}'),
    details: field(textMap),
    entity: field(text),
    responders: field(list(responder)),
    actions: field(text),
    tags: field(text),
    note: field(text),
    priority: field(text),
    update_alerts: field(boolean),
  },
  (raw, at) => {
    atMostOneOf(raw, at, 'api_key', 'api_key_file');
    for (const [index, each] of (raw.responders ?? []).entries()) {
      if (each) continue;
      const message = 'opsGenieConfig responder has to have at least one of id, username or name specified';
      at.fail(at.item('responders', index), message);
    }
  },
  (raw) => ({ details: record(raw.details) }),
);

const VICTOROPS_RESERVED = [
  'routing_key',
  'message_type',
  'state_message',
  'entity_display_name',
  'monitoring_tool',
  'entity_id',
  'entity_state',
];

export const victoropsIntegration = integration(
  'victorops',
  true,
  {
    api_key: field(secret),
    api_key_file: field(filePath),
    api_url: field(webUrl),
    routing_key: field(text),
    message_type: field(text, 'CRITICAL'),
    state_message: field(text, '{{ template "victorops.default.state_message" . }}'),
    entity_display_name: field(text, '{{ template "victorops.default.entity_display_name" . }}'),
    monitoring_tool: field(text, '{{ template "victorops.default.monitoring_tool" . }}'),
    custom_fields: field(textMap),
  },
  (raw, at) => {
    if (raw.routing_key === '') at.fail('routing_key', 'missing Routing key in VictorOps config');
    atMostOneOf(raw, at, 'api_key', 'api_key_file');
    for (const { key, place } of raw.custom_fields ?? []) {
      if (!VICTOROPS_RESERVED.includes(key)) continue;
      const why = 'which cannot be used as it conflicts with the fixed/static fields';
      at.fail(place, `victorOps config contains custom field ${key} ${why}`);
    }
  },
  (raw) => ({ custom_fields: record(raw.custom_fields) }),
);

export const incidentioIntegration = integration(
  'incidentio',
  true,
  {
    url: field(webUrl),
    url_file: field(filePath),
    alert_source_token: field(secret),
    alert_source_token_file: field(filePath),
    max_alerts: field(unsigned),
    timeout: field(goDuration),
  },
  (raw, at) => {
    oneOfRequired(raw, at, 'url', 'url_file');
    atMostOneOf(raw, at, 'url', 'url_file');
    atMostOneOf(raw, at, 'alert_source_token', 'alert_source_token_file');
    const token = isGiven(raw.alert_source_token) || isGiven(raw.alert_source_token_file);
    const names = 'alert_source_token or alert_source_token_file';
    if (raw.http_config?.authorization && token) {
      at.fail('http_config', `cannot specify ${names} when using http_config.authorization`);
    }
    if (raw.http_config && !raw.http_config.authorization && !token) {
      const choice = 'alert_source_token, alert_source_token_file or http_config.authorization';
      at.fail(at.place, `at least one of ${choice} must be configured`);
    }
  },
);

interface JiraField {
  readonly template: string;
  readonly enable_update: boolean | undefined;
}

const jiraFieldStruct = plainStruct('jira.plain', { template: field(text), enable_update: field(optional(boolean)) });

/** A template alone, or with whether updates may change the field. */
function jiraField(): Type<JiraField> {
  return {
    name: 'jira.JiraFieldConfig',
    zero: { template: '', enable_update: undefined },
    read(value, reading) {
      if (value.kind === 'scalar') {
        const template = text.read(value, reading);
        return template === FAILED ? FAILED : { template, enable_update: undefined };
      }
      const read = jiraFieldStruct.read(value, reading);
      return read ?? { template: '', enable_update: undefined };
    },
  };
}

export const jiraIntegration = integration(
  'jira',
  true,
  {
    api_url: field(webUrl),
    api_type: field(text, 'auto'),
    project: field(text),
    summary: field(jiraField(), { template: '{{ template "jira.default.summary" . }}', enable_update: undefined }),
    description: field(jiraField(), {
      template: '{{ template "jira.default.description" . }}',
      enable_update: undefined,
    }),
    labels: field(list(text)),
    priority: field(text, '{{ template "jira.default.priority" . }}'),
    issue_type: field(text),
    reopen_transition: field(text),
    resolve_transition: field(text),
    wont_fix_resolution: field(text),
    reopen_duration: field(duration),
    fields: field(mapping(freeValue)),
  },
  (raw, at) => {
    if (raw.project === '') at.fail('project', 'missing project in jira_config');
    if (raw.issue_type === '') at.fail('issue_type', 'missing issue_type in jira_config');
    if (!['auto', 'cloud', 'datacenter'].includes(raw.api_type)) {
      at.fail('api_type', 'unknown api_type on jira_config, must be auto, cloud or datacenter');
    }
  },
  (raw) => ({ fields: record(raw.fields) }),
);

export const pushoverIntegration = integration(
  'pushover',
  true,
  {
    user_key: field(secret),
    user_key_file: field(filePath),
    token: field(secret),
    token_file: field(filePath),
    title: field(text, '{{ template "pushover.default.title" . }}'),
    message: field(text, '{{ template "pushover.default.message" . }}'),
    url: field(text, '{{ template "pushover.default.url" . }}'),
    url_title: field(text),
    device: field(text),
    sound: field(text),
    priority: field(text, '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'),
    retry: field(goDurationText, 60_000),
    expire: field(goDurationText, 3_600_000),
    ttl: field(goDurationText),
    html: field(boolean),
    monospace: field(boolean),
  },
  (raw, at) => {
    oneOfRequired(raw, at, 'user_key', 'user_key_file');
    atMostOneOf(raw, at, 'user_key', 'user_key_file');
    oneOfRequired(raw, at, 'token', 'token_file');
    atMostOneOf(raw, at, 'token', 'token_file');
    if (raw.html && raw.monospace) at.fail('monospace', 'at most one of monospace & html must be configured');
  },
);

const snsFields = {
  api_url: field(urlText),
  sigv4: field(sigv4),
  topic_arn: field(text),
  phone_number: field(text),
  target_arn: field(text),
  subject: field(text, '{{ template "sns.default.subject" . }}'),
  message: field(text, '{{ template "sns.default.message" . }}'),
  attributes: field(textMap),
  use_aws_http_client: field(boolean),
};

/** `strict`: `session_name` and `tags` of `sigv4`, which Alertmanager 0.34 does not know, are refused as there. */
export function snsIntegration(strict: boolean): Type<RawIntegration | undefined> {
  const lenient = { ...snsFields, sigv4: field(sigv4WithSession) };
  return integration(
    'sns',
    true,
    (strict ? snsFields : lenient) as typeof lenient,
    (raw, at) => {
      const given = [raw.target_arn, raw.topic_arn, raw.phone_number].filter((each) => each !== '').length;
      if (given % 2 === 0)
        at.fail(at.place, 'must provide either a Target ARN, Topic ARN, or Phone Number for SNS config');
    },
    (raw) => ({
      attributes: record(raw.attributes),
      sigv4: raw.sigv4 && { ...raw.sigv4, tags: record(raw.sigv4.tags) },
    }),
  );
}
