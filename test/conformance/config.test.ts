/** Configurations of peers with their verdicts, read in place: accepted where the peer accepts, refused with a place where it refuses. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { ConfigError, formatProblem } from '../../src/config/problem.ts';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';

const shared = join(import.meta.dirname, '../../../shared');

function verdicts(folder: string): { readonly file: string; readonly verdict: string }[] {
  return readFileSync(join(folder, 'EXPECTED.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .map(([file, verdict]) => ({ file: file!, verdict: verdict! }));
}

function suite(name: string, folder: string, load: (file: string) => void): void {
  describe.skipIf(!existsSync(folder))(name, () => {
    const cases = existsSync(folder) ? verdicts(folder) : [];
    it.each(cases)('$verdict: $file', ({ file, verdict }) => {
      expect(judge(() => load(join(folder, file)))).toBe(verdict);
    });
  });
}

function judge(load: () => void): string {
  try {
    load();
    return 'ok';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems)
      expect(formatProblem(problem)).toMatch(/^[^\n]+:[1-9]\d*:[1-9]\d*: \S[^\n]*$/);
    return error.problems.some((problem) => problem.severity === 'error') ? 'error' : 'ok';
  }
}

suite('prometheus-config', join(shared, 'conformance/prometheus-config'), (file) => loadPrometheusConfig(file));
suite('alertmanager/config', join(shared, 'conformance/alertmanager/config'), (file) => loadAlertmanagerConfig(file));

describe.skipIf(!existsSync(shared))("the guide's own files", () => {
  const files = join(shared, 'spec/files');

  it('reads prometheus.yml', () => {
    const { value, warnings } = loadPrometheusConfig(join(files, 'prometheus.yml'));
    expect(value.scrapeConfigs.map((job) => job.jobName)).toEqual([
      'nodejs-app',
      'kubernetes-pods',
      'node-exporter',
      'cadvisor',
    ]);
    expect(warnings).toEqual([]);
  });

  it('reads alertmanager.yml with a warning at each field that Alertmanager refuses', () => {
    const { value, warnings } = loadAlertmanagerConfig(join(files, 'alertmanager.yml'));
    expect(warnings.map(({ line }) => line)).toEqual([30, 31, 42]);
    expect(warnings[0]!.message).toContain('field subject not found in type config.plain');
    expect(value.receivers[0]!.integrations[0]!.fields['headers']).toMatchObject({
      Subject: '{{ .GroupLabels.alertname }} - {{ .Status }}',
    });
    expect(value.redactedText).not.toContain('hooks.slack.com');
    expect(() => loadAlertmanagerConfig(join(files, 'alertmanager.yml'), { strict: true })).toThrow(
      'field subject not found in type config.plain',
    );
  });
});
