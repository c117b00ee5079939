import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Alerts, alertmanagerFunctions, KV, TemplateError, TemplateSet, Time } from '../../src/template/template.ts';

const clock = new ManualClock(Date.UTC(2024, 6, 1, 12));

function render(template: string): string {
  return new TemplateSet({ functions: alertmanagerFunctions(clock) }).executeText(template, data());
}

function data() {
  const alert = (status: string, instance: string) => ({
    Status: status,
    Labels: new KV([
      ['zone', 'a'],
      ['instance', instance],
      ['alertname', 'Down'],
    ]),
    Annotations: new KV([['summary', 'it is <down>']]),
    StartsAt: Time.ofMs(Date.UTC(2024, 6, 1, 10, 30)),
    EndsAt: Time.zero,
  });
  return {
    Receiver: 'team',
    Alerts: Alerts.from([alert('firing', 'x'), alert('resolved', 'y'), alert('firing', 'z')]),
    CommonLabels: new KV([['alertname', 'Down']]),
  };
}

describe("Alertmanager's data", () => {
  it.each([
    ['{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}', '3 2 1'],
    ['{{ range .Alerts.Firing }}{{ .Labels.instance }}{{ end }}', 'xz'],
    ['{{ (index .Alerts 0).Labels.SortedPairs }}', 'alertname=Down, instance=x, zone=a'],
    [
      '{{ range (index .Alerts 0).Labels.SortedPairs }}{{ .Name }}:{{ .Value }};{{ end }}',
      'alertname:Down;instance:x;zone:a;',
    ],
    ['{{ (index .Alerts 0).Labels.Names.Join "," }}', 'alertname,instance,zone'],
    ['{{ (index .Alerts 0).Labels.Values | join "/" }}', 'Down/x/a'],
    ['{{ ((index .Alerts 0).Labels.Remove (stringSlice "zone" "instance")).Values }}', '[Down]'],
    ['[{{ .CommonLabels.nope }}]', '[]'],
    ['{{ (index .Alerts 0).StartsAt }}', '2024-07-01 10:30:00 +0000 UTC'],
    ['{{ (index .Alerts 0).EndsAt }} {{ (index .Alerts 0).EndsAt.IsZero }}', '0001-01-01 00:00:00 +0000 UTC true'],
    ['{{ (index .Alerts 0).StartsAt.Format "Jan 2, 2006 at 3:04pm (MST)" }}', 'Jul 1, 2024 at 10:30am (UTC)'],
    ['{{ tz "Europe/Paris" (index .Alerts 0).StartsAt | date "15:04 MST -0700" }}', '12:30 CEST +0200'],
    ['{{ tz "America/New_York" (index .Alerts 0).StartsAt }}', '2024-07-01 06:30:00 -0400 EDT'],
    ['{{ tz "Asia/Dubai" (index .Alerts 0).StartsAt }}', '2024-07-01 14:30:00 +0400 +04'],
    [
      '{{ since (index .Alerts 0).StartsAt }} {{ since (index .Alerts 0).StartsAt | humanizeDuration }}',
      '1h30m0s 1h 30m 0s',
    ],
    ['{{ (now.Sub (index .Alerts 0).StartsAt).Minutes }}', '90'],
  ])('%s', (template, wanted) => {
    expect(render(template)).toBe(wanted);
  });
});

describe("Alertmanager's functions", () => {
  it.each([
    ['{{ "hello wORLD" | title }} {{ "x" | toUpper }} [{{ " a " | trimSpace }}]', 'Hello World X [a]'],
    ['{{ dict "b" 1 "a" (list "x" 2.5 true) | toJson }}', '{"a":["x",2.5,true],"b":1}'],
    ['{{ toJson (index .Alerts 0).Labels }}', '{"alertname":"Down","instance":"x","zone":"a"}'],
    ['{{ toJson (index .Alerts 0).Annotations }}', '{"summary":"it is \\u003cdown\\u003e"}'],
    ['{{ toJson (index .Alerts 0).StartsAt }}', '"2024-07-01T10:30:00Z"'],
    ['{{ append (list 1) 2 3 }} {{ (dict "k" "v").k }} {{ (dict "k" "v").x }}', '[1 2 3] v <no value>'],
    ['{{ urlUnescape "a%20b+c" }}', 'a b c'],
    ['{{ base64encode "a?>b" }} {{ base64decode "YT8-Yg==" }}', 'YT8-Yg== a?>b'],
    [
      '{{ toDate "2006-01-02" "2024-02-03" }} {{ (toDate "2006-01-02" "x").IsZero }}',
      '2024-02-03 00:00:00 +0000 UTC true',
    ],
    ['{{ (mustToDate "2006-01-02T15:04:05Z07:00" "2024-02-03T04:05:06.5+02:00").Unix }}', '1706925906'],
    ['{{ match "^a.*z$" "abz" }} {{ reReplaceAll "b" "_" "abb" }} {{ safeHtml "<b>" }}', 'true a__ <b>'],
  ])('%s', (template, wanted) => {
    expect(render(template)).toBe(wanted);
  });

  it.each([
    ['{{ dict "a" }}', 'error calling dict: dict requires an even number of arguments'],
    ['{{ dict 1 2 }}', 'error calling dict: dict keys must be strings'],
    ['{{ tz "Mars/Base" now }}', 'error calling tz: unknown time zone Mars/Base'],
    ['{{ urlUnescape "%zz" }}', 'error calling urlUnescape: invalid URL escape "%zz"'],
    ['{{ base64decode "a b" }}', 'error calling base64decode: illegal base64 data at input byte 1'],
  ])('%s fails', (template, message) => {
    expect(() => render(template)).toThrow(TemplateError);
    expect(() => render(template)).toThrow(message);
  });
});

describe('a template set', () => {
  it('replaces a template by a later one, and keeps it from an empty one', () => {
    const set = new TemplateSet();
    set.parse('default.tmpl', '{{ define "title" }}default{{ end }}');
    set.parse('own.tmpl', '{{ define "title" }}own {{ . }}{{ end }}');
    set.parse('blank.tmpl', '{{ define "title" }}  {{ end }}');
    expect(set.executeText('{{ template "title" 5 }}', undefined)).toBe('own 5');
    expect(set.execute('title', 'x')).toBe('own x');
    const clone = set.clone();
    clone.parse('more', '{{ define "title" }}clone{{ end }}');
    expect(set.execute('title', 1)).toBe('own 1');
    expect(clone.execute('title', 1)).toBe('clone');
  });

  it('says where the data lacks what a template asks for', () => {
    const set = new TemplateSet({ missingKey: 'error' });
    expect(() => set.executeText('{{ .x }}', new Map([['y', 'z']]))).toThrow('map has no entry for key "x"');
    expect(new TemplateSet({ missingKey: 'default' }).executeText('{{ .x }}', new Map())).toBe('<no value>');
  });

  it('never reaches what JavaScript puts on objects', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(() => new TemplateSet().executeText(`{{ .${name} }}`, { A: 1 })).toThrow("can't evaluate field");
      expect(new TemplateSet().executeText(`[{{ .${name} }}]`, Object.create(null))).toBe('[<no value>]');
      expect(() => new TemplateSet().executeText(`{{ .${name} }}`, ['a'])).toThrow("can't evaluate field");
    }
  });

  it('ends templates that would never end', () => {
    const limits = { steps: 10_000, output: 1000, depth: 50 };
    const set = new TemplateSet({ limits });
    expect(() => set.executeText('{{ range 1000000000 }}{{ . }}{{ end }}', 0)).toThrow('output longer than 1000');
    expect(() => set.executeText('{{ range 1000000000 }}{{ end }}', 0)).toThrow('steps');
    expect(() => set.executeText('{{ $x := "a" }}{{ range 99 }}{{ $x = print $x $x }}{{ end }}', 0)).toThrow(
      'error calling print: result longer than 1000 characters',
    );
    expect(() => set.executeText('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', 0)).toThrow(
      'exceeded maximum template depth (50)',
    );
    expect(() => set.parse('deep', '{{ if 1 }}'.repeat(5000))).toThrow(TemplateError);
    expect(() => set.parse('deep', `{{ ${'('.repeat(5000)} }}`)).toThrow(TemplateError);
  });
});
