/** The built program's commands as a shell sees them: what goes to which stream, and the exit codes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from './terminal.ts';

const directory = mkdtempSync(join(tmpdir(), 'watchfire-cli-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(
  args: readonly string[],
  input = '',
): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot, 'bin', 'watchfire.js'), ...args], {
    cwd: directory,
    input,
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: join(directory, 'state') },
    timeout: 30_000,
  });
  return { code: status, out: stdout, err: stderr };
}

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return name;
}

describe('check', () => {
  it('accepts with 0, refuses with 1 and the place, as the file was named', () => {
    expect(run(['check', 'config', file('good.yml', 'scrape_configs: []\n')])).toMatchObject({
      code: 0,
      out: 'good.yml: ok\n',
    });
    const tab = run(['check', 'config', file('tab.yml', 'scrape_configs:\n\t- job_name: x\n')]);
    expect(tab.code).toBe(1);
    expect(tab.out).toMatch(/^tab\.yml:2:1: .*tab/);
    const rules = run([
      'check',
      'rules',
      file('rules.yml', 'groups:\n  - name: g\n    rules:\n      - record: a\n        expr: rat(up[5m])\n'),
    ]);
    expect(rules.code).toBe(1);
    expect(rules.out).toMatch(/^rules\.yml:5:15: .*unknown function with name "rat", did you mean "rate"\?/);
  });

  it('accepts the guide’s e-mail subject with a warning, and refuses it when strict', () => {
    const name = file(
      'am.yml',
      "global: {smtp_smarthost: 'a:25', smtp_from: 'a@b'}\nroute: {receiver: r}\nreceivers:\n  - name: r\n    email_configs:\n      - to: x@y\n        subject: 'S'\n",
    );
    const lenient = run(['check', 'alertmanager', name]);
    expect(lenient.code).toBe(0);
    expect(lenient.out).toMatch(/^am\.yml:7:9: warning: .*field subject not found in type config\.plain/m);
    const strict = run(['check', 'alertmanager', '--strict', name]);
    expect(strict.code).toBe(1);
    expect(strict.out).toMatch(/^am\.yml:7:9: field subject not found in type config\.plain/m);
  });

  it('reads an exposition from standard input', () => {
    expect(run(['check', 'metrics'], '# HELP a_total x\n# TYPE a_total counter\na_total 1\n').code).toBe(0);
    const bad = run(['check', 'metrics'], 'a 1\nb{ 2\n');
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(/:2:\d+: /);
  });
});

describe('query', () => {
  const data = file('data.om', '# TYPE a counter\na_total{x="1"} 1 1700000000\na_total{x="1"} 31 1700000060\n# EOF\n');

  it('answers from an imported file, as a table and as JSON', () => {
    const table = run(['query', 'a_total', '--time', '1700000060', '--import', data]);
    expect(table).toMatchObject({ code: 0, out: 'series          value\na_total{x="1"}     31\n' });
    const json = run(['query', 'increase(a_total[2m])', '--time', '1700000060', '--import', data, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ metric: { x: '1' }, value: [1700000060, expect.any(String)] });
  });

  it('says a parse error on standard error, with 2', () => {
    const wrong = run(['query', 'sum(', '--import', data]);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toMatch(/^1:5: parse error: /);
  });
});

describe('usage', () => {
  it('is 2 for an unknown option, a target that is none, and nothing to watch', () => {
    expect(run(['--nix']).code).toBe(2);
    expect(run(['wacth']).err).toMatch(/"wacth" is neither a command nor a target/);
    expect(run(['watch']).code).toBe(2);
    expect(run(['watch', '--listen', '0.0.0.0:0', '--alertmanager-config', 'am.yml']).err).toMatch(
      /refusing to listen/,
    );
  });

  it('is 0 for help, and names every command', () => {
    const help = run(['--help']);
    expect(help.code).toBe(0);
    for (const command of [
      'demo',
      'watch',
      'attach',
      'query',
      'logs',
      'traces',
      'alerts',
      'silence',
      'check',
      'test',
      'completion',
    ]) {
      expect(help.out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    }
  });

  it('prints completions that a shell can read', () => {
    const script = run(['completion', 'bash']).out;
    const listed = spawnSync(
      'bash',
      ['-c', `${script}\nCOMP_WORDS=(watchfire check ""); COMP_CWORD=2; _watchfire; echo "\${COMPREPLY[@]}"`],
      { encoding: 'utf8' },
    );
    expect(listed.stdout).toMatch(/\bconfig\b.*\brules\b.*\balertmanager\b/);
  });
});

describe('watch', () => {
  it('gates a pipeline: --once and --fail-on give 1 where an alert fires', () => {
    file(
      'gate.rules.yml',
      'groups:\n  - name: g\n    interval: 1s\n    rules:\n      - {alert: Always, expr: vector(1), labels: {severity: critical}}\n',
    );
    const config = file('gate.yml', 'rule_files: [gate.rules.yml]\n');
    const gate = run(['watch', '--once', '--fail-on', 'critical', '--json', '--prometheus-config', config]);
    expect(gate.code).toBe(1);
    const lines = gate.out
      .trim()
      .split('\n')
      .map((line): { kind: string; state?: string } => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ kind: 'alert', alertname: 'Always', state: 'firing' }));
    expect(run(['watch', '--once', '--prometheus-config', config]).code).toBe(0);
  });
});
