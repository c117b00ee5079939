/** The templates that receivers use where the configuration says nothing; names and output are those of Alertmanager 0.34. */
import { EMAIL_TEMPLATES } from './email-template.ts';

const define = (name: string, body: string): string => `{{ define "${name}" }}${body}{{ end }}`;
const include = (name: string, data = '.'): string => `{{ template "${name}" ${data} }}`;
const subject = include('__subject');
const sender = include('__alertmanager');
const link = include('__alertmanagerURL');
const annotations = '{{ .CommonAnnotations.SortedPairs.Values | join " " }}';

/** `body` where the list has alerts. */
const whereAny = (list: string, body: string): string => `{{ if gt (len .Alerts.${list}) 0 }}${body}{{ end }}`;

/** Both lists under headings, each in a paragraph of its own. */
const paragraphs = (mark: string, template: string): string =>
  `${whereAny('Firing', `\n${mark}Alerts Firing:\n${include(template, '.Alerts.Firing')}\n`)}\n` +
  `${whereAny('Resolved', `\n${mark}Alerts Resolved:\n${include(template, '.Alerts.Resolved')}\n`)}\n`;

/** Both lists under headings, without empty lines. */
const dense =
  `${whereAny('Firing', `Alerts Firing:\n${include('__text_alert_list', '.Alerts.Firing')}`)}\n` +
  whereAny('Resolved', `Alerts Resolved:\n${include('__text_alert_list', '.Alerts.Resolved')}`);

const textParagraphs = paragraphs('', '__text_alert_list');
const markdown = `\n${paragraphs('# ', '__text_alert_list_markdown')}`;

const pairs = (field: string, indent: string): string =>
  `{{ range .${field}.SortedPairs }}${indent}- {{ .Name }} = {{ .Value }}\n{{ end }}`;

/** 3 critical, 2 warning, 1 info: the highest among the list's alerts. */
const rankOf = (list: string): string =>
  `{{ range .Alerts.${list} }}{{ $severity := index .Labels "severity" }}` +
  '{{ if eq $severity "critical" }}{{ $rank = 3 }}' +
  '{{ else if and (eq $severity "warning") (lt $rank 3) }}{{ $rank = 2 }}' +
  '{{ else if and (eq $severity "info") (lt $rank 1) }}{{ $rank = 1 }}{{ end }}{{ end }}';

const priority =
  `{{ $rank := 0 }}${rankOf('Firing')}{{ if eq $rank 0 }}${rankOf('Resolved')}{{ end }}` +
  '{{ if eq $rank 3 }}High{{ else if eq $rank 2 }}Medium{{ else if eq $rank 1 }}Low{{ end }}';

const statusColor = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}';

const bodies: Readonly<Record<string, string>> = {
  __alertmanager: 'Alertmanager',
  __alertmanagerURL: '{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}',
  __subject:
    '[{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]' +
    ' {{ join " " .GroupLabels.SortedPairs.Values }} ' +
    '{{ if gt (len .CommonLabels) (len .GroupLabels) }}' +
    '({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ join " " .Values }}{{ end }}){{ end }}',
  __description: '',
  __text_alert_list: `{{ range . }}Labels:\n${pairs('Labels', ' ')}Annotations:\n${pairs('Annotations', ' ')}Source: {{ .GeneratorURL }}\n{{ end }}`,
  __text_alert_list_markdown: `{{ range . }}\nLabels:\n${pairs('Labels', '  ')}\nAnnotations:\n${pairs('Annotations', '  ')}\nSource: {{ .GeneratorURL }}\n{{ end }}\n`,
  'slack.default.title': subject,
  'slack.default.username': sender,
  'slack.default.fallback': `${include('slack.default.title')} | ${include('slack.default.titlelink')}`,
  'slack.default.callbackid': '',
  'slack.default.pretext': '',
  'slack.default.titlelink': link,
  'slack.default.iconemoji': '',
  'slack.default.iconurl': '',
  'slack.default.text': '',
  'slack.default.footer': '',
  'slack.default.color': statusColor,
  'pagerduty.default.description': subject,
  'pagerduty.default.client': sender,
  'pagerduty.default.clientURL': link,
  'pagerduty.default.instances': include('__text_alert_list'),
  'opsgenie.default.message': subject,
  'opsgenie.default.description': `${annotations}\n${dense}`,
  'opsgenie.default.source': link,
  'wechat.default.message': `${subject}\n${annotations}\n${dense}\nAlertmanagerUrl:\n${link}`,
  'wechat.default.to_user': '',
  'wechat.default.to_party': '',
  'wechat.default.to_tag': '',
  'wechat.default.agent_id': '',
  'victorops.default.state_message': `${annotations}\n${dense}`,
  'victorops.default.entity_display_name': subject,
  'victorops.default.monitoring_tool': sender,
  'pushover.default.title': subject,
  'pushover.default.message': `${annotations}\n${textParagraphs}`,
  'pushover.default.url': link,
  'sns.default.subject': subject,
  'sns.default.message': `${annotations}\n${textParagraphs}`,
  'telegram.default.message': `\n${textParagraphs}`,
  'discord.default.content': '',
  'discord.default.title': subject,
  'discord.default.message': `\n${textParagraphs}`,
  'webex.default.message': `${annotations}\n${textParagraphs}`,
  'msteams.default.summary': subject,
  'msteams.default.title': subject,
  'msteams.default.text': markdown,
  'msteamsv2.default.title': subject,
  'msteamsv2.default.text': markdown,
  'jira.default.summary': subject,
  'jira.default.description': markdown,
  'jira.default.priority': priority,
  'rocketchat.default.title': subject,
  'rocketchat.default.alias': sender,
  'rocketchat.default.titlelink': link,
  'rocketchat.default.emoji': '',
  'rocketchat.default.iconurl': '',
  'rocketchat.default.text': '',
  'mattermost.default.color': statusColor,
  'mattermost.default.username': sender,
  'mattermost.default.title': subject,
  'mattermost.default.titlelink': link,
  'mattermost.default.fallback': `${include('mattermost.default.title')} | ${include('mattermost.default.titlelink')}`,
  'mattermost.default.text': markdown,
  'email.default.subject': subject,
  // watchfire's own channels.
  'watchfire.default.title': subject,
  'watchfire.default.urgency':
    '{{ if ne .Status "firing" }}low{{ else if eq .CommonLabels.severity "critical" }}critical{{ else }}normal{{ end }}',
  'watchfire.default.text':
    '{{ range $i, $alert := .Alerts }}{{ if $i }}\n{{ end }}' +
    '{{ with $alert.Annotations.summary }}{{ . }}{{ else }}{{ $alert.Labels.alertname }}{{ end }}' +
    '{{ if eq $alert.Status "resolved" }} (resolved){{ end }}{{ end }}',
};

export const DEFAULT_TEMPLATES =
  Object.entries(bodies)
    .map(([name, body]) => define(name, body))
    .join('') + EMAIL_TEMPLATES;
