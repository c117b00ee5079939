/** The HTML of e-mails where the configuration has none: the words and links of Alertmanager's, in markup of its own. */

const FONT = "font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; font-size: 14px; line-height: 1.6";
const LINK = 'color: #1f6feb';

const banner = (color: string): string =>
  `<td style="background-color: ${color}; color: #ffffff; font-size: 16px; font-weight: 500; padding: 20px; text-align: center" bgcolor="${color}" align="center">` +
  '{{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} for {{ range .GroupLabels.SortedPairs }} {{ .Name }}={{ .Value }} {{ end }}</td>';

const row = (content: string): string => `<tr><td style="padding: 0 30px 20px">${content}</td></tr>\n`;

const pairs = (field: string): string => `{{ range .${field}.SortedPairs }}{{ .Name }} = {{ .Value }}<br>{{ end }}`;

const alert = row(
  `<strong>Labels</strong><br>${pairs('Labels')}` +
    `{{ if gt (len .Annotations) 0 }}<strong>Annotations</strong><br>{{ end }}${pairs('Annotations')}` +
    `<a href="{{ .GeneratorURL }}" style="${LINK}">Source</a><br>`,
);

const list = (state: 'Firing' | 'Resolved', before: string): string =>
  `{{ if gt (len .Alerts.${state}) 0 }}${before}${row(`<strong>[{{ len .Alerts.${state} }}] ${state}</strong>`)}{{ end }}` +
  `{{ range .Alerts.${state} }}${alert}{{ end }}`;

export const EMAIL_TEMPLATES = `{{ define "email.default.html" }}<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ template "__subject" . }}</title>
</head>
<body style="margin: 0; background-color: #f6f6f6; ${FONT}">
<table width="100%" cellpadding="0" cellspacing="0" style="max-width: 600px; margin: 20px auto; background-color: #ffffff; border: 1px solid #dddddd; ${FONT}">
<tr>{{ if gt (len .Alerts.Firing) 0 }}${banner('#d1242f')}{{ else }}${banner('#1a7f37')}{{ end }}</tr>
<tr><td style="padding: 30px 30px 20px"><a href="{{ template "__alertmanagerURL" . }}" style="background-color: #1f6feb; border-radius: 5px; color: #ffffff; display: inline-block; font-weight: bold; padding: 10px 20px; text-decoration: none">View in {{ template "__alertmanager" . }}</a></td></tr>
${list('Firing', '')}
${list('Resolved', `{{ if gt (len .Alerts.Firing) 0 }}${row('<hr>')}{{ end }}`)}
</table>
<p style="color: #666666; font-size: 12px; text-align: center"><a href="{{ .ExternalURL }}" style="color: #666666">Sent by {{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{ end }}`;
