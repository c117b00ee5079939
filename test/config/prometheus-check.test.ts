import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/config/problem.ts';
import { checkPrometheusConfig } from '../../src/config/prometheus-check.ts';
import { loadTargetFile } from '../../src/config/target-file.ts';
import { inMemory, problemsOf } from './files.ts';

const files = inMemory({
  '/p/prometheus.yml': `
rule_files: [good.yml, bad.yml, missing.yml, none/*.yml]
scrape_configs:
  - job_name: a
    bearer_token_file: token
    file_sd_configs: [{files: [t/*.json]}]
`,
  '/p/good.yml': 'groups: []\n',
  '/p/bad.yml': 'groups: [{nix: 1}]\n',
  '/p/t/one.json': '[{"targets": ["h:1"], "labels": {"a": "b"}}]',
  '/p/t/two.json': '[{"target": ["h:1"]}]',
});

describe('checkPrometheusConfig', () => {
  it('looks at every file that is named, and only warns of it', () => {
    const problems = checkPrometheusConfig('/p/prometheus.yml', { files });
    expect(problems.map(formatProblem)).toEqual([
      '/p/prometheus.yml:2:33: warning: "/p/missing.yml" does not point to an existing file: create it or correct rule_files',
      '/p/bad.yml:1:11: warning: field nix not found in type rulefmt.RuleGroup: remove it or check where it belongs',
      '/p/prometheus.yml:4:5: warning: error checking authorization credentials or bearer token file "/p/token": no such file: create it or correct the path',
      '/p/t/two.json:1:3: warning: field target not found in type struct: did you mean targets?',
    ]);
  });

  it('refuses them where it is to be strict', () => {
    const problems = checkPrometheusConfig('/p/prometheus.yml', { files, strict: true });
    expect(problems.filter((problem) => problem.severity === 'error')).toHaveLength(4);
  });

  it('reports a file that is refused itself', () => {
    expect(checkPrometheusConfig('/nix.yml', { files })[0]).toMatchObject({ severity: 'error', line: 1, column: 1 });
  });
});

describe('loadTargetFile', () => {
  it('reads groups and tells them apart', () => {
    const [group] = loadTargetFile('/p/t/one.json', { files });
    expect(group!.source).toBe('/p/t/one.json:0');
    expect(group!.targets[0]!.toRecord()).toEqual({ __address__: 'h:1' });
    expect(group!.labels.toRecord()).toEqual({ a: 'b' });
  });

  it('refuses an empty group', () => {
    const empty = inMemory({ '/t.yml': '-\n' });
    const load = () => ({ value: loadTargetFile('/t.yml', { files: empty }), warnings: [] });
    expect(problemsOf(load).join()).toContain('nil target group item found (index 0)');
  });
});
