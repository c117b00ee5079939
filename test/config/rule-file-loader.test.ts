import { describe, expect, it } from 'vitest';
import { loadRuleFile } from '../../src/config/rule-file-loader.ts';
import { inMemory, problemsOf } from './files.ts';

const load = (text: string, options = {}) =>
  loadRuleFile('/r.yml', { files: inMemory({ '/r.yml': text }), ...options });

describe('loadRuleFile', () => {
  it('reads groups and rules with the places of their texts', () => {
    const { value } = load(`
groups:
  - name: g
    interval: 5s
    query_offset: 0s
    limit: 3
    labels: {team: a}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: Down
        expr: up == 0
        for: 1m
        keep_firing_for: 2m
        labels: {severity: page}
        annotations:
          summary: "{{ $labels.job }}"
`);
    const [group] = value.groups;
    expect(group).toMatchObject({ name: 'g', intervalMs: 5_000, queryOffsetMs: 0, limit: 3, labels: { team: 'a' } });
    expect(group!.rules[0]).toMatchObject({ kind: 'recording', name: 'job:up:sum', expression: 'sum by (job) (up)' });
    expect(group!.rules[1]).toMatchObject({
      kind: 'alerting',
      forMs: 60_000,
      keepFiringForMs: 120_000,
      place: { line: 11, column: 9 },
      expressionPlace: { line: 12, column: 15 },
      annotationPlaces: { summary: { line: 17, column: 20 } },
    });
  });

  it('has no groups where there is nothing, and says that a second document is not read', () => {
    expect(load('').value.groups).toEqual([]);
    expect(load('groups:\n').value.groups).toEqual([]);
    expect(load('groups: [null]\n').value.groups).toEqual([]);
    expect(load('groups: [{name: g, rules: [null]}]\n').value.groups[0]!.rules).toEqual([]);
    expect(load('groups: []\n---\ngroups: []\n').warnings[0]!.message).toContain('only the first document');
  });

  it.each([
    ['groups:\n  - rules: []\n', '2:5: Groupname must not be empty'],
    ['groups:\n  - name: a\n  - name: a\n', '3:11: groupname: "a" is repeated in the same file'],
    ['groups: [{name: g, rules: [{record: a}]}]', `group "g", rule 1, "a": field 'expr' must be set in rule`],
    ['groups: [{name: g, rules: [{expr: up}]}]', `one of 'record' or 'alert' must be set`],
    ['groups: [{name: g, rules: [{record: a, alert: b, expr: up}]}]', `only one of 'record' and 'alert' must be set`],
    ['groups: [{name: g, rules: [{record: a, expr: up, for: 1m}]}]', `invalid field 'for' in recording rule`],
    ['groups: [{name: g, labels: {__name__: x}}]', 'invalid label name: __name__'],
    ['groups: [{name: g, nix: 1}]', 'field nix not found in type rulefmt.RuleGroup'],
  ])('refuses %j', (text, expected) => {
    expect(problemsOf(() => load(text)).join('\n')).toContain(expected);
  });

  it('leaves out entries without a key', () => {
    const { value } = load('~: y\ngroups: [{name: g, ~: z, labels: {~: a, b: c}}]\n');
    expect(value.groups[0]).toMatchObject({ name: 'g', labels: { b: 'c' } });
  });

  it('knows the legacy names, and lets unknown fields pass where told', () => {
    const text = 'groups: [{name: g, rules: [{record: "a-b", expr: up}]}]';
    expect(problemsOf(() => load(text))).toEqual([]);
    expect(problemsOf(() => load(text, { nameValidationScheme: 'legacy' })).join()).toContain(
      'invalid recording rule name',
    );
    expect(load('groups: [{name: g, nix: 1}]', { ignoreUnknownFields: true }).warnings).toHaveLength(1);
  });
});
