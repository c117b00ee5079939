/** The built program's commands as a shell sees them: what goes to which stream, and the exit codes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../free-port.ts';
import { shellIn } from './shell.ts';
import { projectRoot } from './terminal.ts';

const { directory, run, file } = shellIn('watchfire-cli-');

describe.runIf(process.platform === 'linux')('watch', () => {
  const program = join(projectRoot, 'bin', 'watchfire.js');
  const config = file('empty.yml', 'scrape_configs: []\n');
  const startWatch = async (
    env: NodeJS.ProcessEnv,
  ): Promise<{ readonly environ: string; readonly url: string; stop(): Promise<unknown> }> => {
    const address = `127.0.0.1:${await freePort()}`;
    const args = [program, 'watch', '--prometheus-config', config, '--listen', address, '--state', 'watch-state'];
    const child = spawn(process.execPath, args, { cwd: directory, env: { ...process.env, ...env } });
    while ((await fetch(`http://${address}/-/ready`).catch(() => undefined))?.status !== 200) {
      expect(child.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const environ = readFileSync(`/proc/${child.pid}/environ`, 'utf8');
    return {
      environ,
      url: `http://${address}`,
      stop() {
        child.kill('SIGTERM');
        return once(child, 'close');
      },
    };
  };

  it('starts anew as the same process, so that freed buffers go back to the system', async () => {
    const { environ, stop } = await startWatch({ MALLOC_MMAP_THRESHOLD_: undefined });
    expect(environ.split('\0')).toContain('MALLOC_MMAP_THRESHOLD_=131072');
    expect(await stop()).toEqual([0, null]);
  }, 60_000);

  it('leaves what was chosen already as it is', async () => {
    const { environ, stop } = await startWatch({ MALLOC_MMAP_THRESHOLD_: '65536' });
    expect(environ.split('\0')).toContain('MALLOC_MMAP_THRESHOLD_=65536');
    expect(await stop()).toEqual([0, null]);
  }, 60_000);

  it('is told of an alert, which is silenced from the command line and then says by what', async () => {
    const { url, stop } = await startWatch({});
    const body = JSON.stringify([{ labels: { alertname: 'Down', instance: 'a' } }]);
    await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const alerts = (): ReturnType<typeof run> => run(['alerts', '--alertmanager', url]);
    expect(alerts()).toMatchObject({ code: 1, out: expect.stringMatching(/^active +Down /m) });
    const silence = ['silence', 'add', '-c', 'a deployment', '-d', '30m', '-a', 'me', 'alertname=Down'];
    const { code, out } = run([...silence, '--alertmanager', url]);
    expect(code).toBe(0);
    expect(alerts()).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^silenced by ${out.slice(0, 8)} +Down `, 'm')),
    });
    expect(await stop()).toEqual([0, null]);
  }, 120_000);
});

describe('logs', () => {
  it('follows a file until it is interrupted, with 130', async () => {
    const name = file('follow.log', '{"time":"2026-01-15T10:30:00Z","level":"info","msg":"first"}\n');
    const program = join(projectRoot, 'bin', 'watchfire.js');
    const child = spawn(process.execPath, [program, 'logs', '-f', '--log', name], { cwd: directory });
    let out = '';
    const told = async (text: string): Promise<void> => {
      while (!out.includes(text)) out += (await once(child.stdout, 'data'))[0];
    };
    await told('INFO  first');
    appendFileSync(join(directory, name), '{"time":"2026-01-15T10:30:01Z","level":"error","msg":"second"}\n');
    await told('ERROR second');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(out).toBe('2026-01-15T10:30:00.000Z INFO  first\n2026-01-15T10:30:01.000Z ERROR second\n');
  }, 60_000);

  it('says that there is no file, with 1', () => {
    expect(run(['logs', '--log', 'none.log'])).toMatchObject({
      code: 1,
      out: '',
      err: 'no file is there (yet): none.log\n',
    });
  });
});

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

it('ends quietly where nobody reads what it writes', () => {
  const script = `${process.execPath} ${join(projectRoot, 'bin', 'watchfire.js')} check config ${Array(200).fill('good.yml').join(' ')}`;
  file('good.yml', 'scrape_configs: []\n');
  const piped = `{ ${script}; echo "code $?" >&2; } | true`;
  const { stderr } = spawnSync('bash', ['-c', piped], { cwd: directory, encoding: 'utf8', timeout: 55_000 });
  expect(stderr).toBe('code 141\n');
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

describe('rules backtest', () => {
  const history = file(
    'history.om',
    `# TYPE x gauge\n${[0, 5, 5, 5, 0, 7, 7].map((value, i) => `x{job="a"} ${value} ${1_700_000_040 + 60 * i}`).join('\n')}\n# EOF\n`,
  );
  const rulesOf = (threshold: number): string =>
    `groups:\n  - name: g\n    rules:\n      - {alert: High, expr: x > ${threshold}, for: 1m, labels: {severity: page}}\n`;
  const rules = file('given.rules.yml', rulesOf(4));
  const other = file('other.rules.yml', rulesOf(6));

  it('says when a rule would have fired', () => {
    const { code, out } = run(['rules', 'backtest', rules, '--import', history]);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        '2023-11-14T22:14:00Z to 2023-11-14T22:20:00Z, 6m',
        '',
        'alert                  group  every  fired  firing for  longest  series  only pending',
        'High{severity="page"}  g         1m      2          2m       2m       1             0',
        '',
        'High{severity="page"}',
        '  2023-11-14T22:16:00Z for 2m                after 1m pending  {job="a"}',
        '  2023-11-14T22:20:00Z for 0s, still firing  after 1m pending  {job="a"}',
        '',
      ].join('\n'),
    );
  });

  it('says what another file changes, with 1, and of a prometheus.yml the same as of its rules', () => {
    const { code, out } = run(['rules', 'backtest', rules, '--against', other, '--import', history]);
    expect(code).toBe(1);
    expect(out).toMatch(/^High\{severity="page"\} +2 +2m +1 +0s$/m);
    expect(out).toMatch(
      /\nonly with given\.rules\.yml\n {2}High\{severity="page"\} {2}2023-11-14T22:16:00Z for 2m {2}\{job="a"\}\n$/,
    );
    const config = file('backtest.yml', 'global: {evaluation_interval: 1m}\nrule_files: [given.rules.yml]\n');
    const same = run(['rules', 'backtest', config, '--against', rules, '--import', history]);
    expect(same.code).toBe(0);
    expect(same.out).toMatch(/both fire at the same times\n$/);
  });

  it('prints one JSON value a line', () => {
    const { code, out } = run(['rules', 'backtest', rules, '--against', other, '--import', history, '--json']);
    expect(code).toBe(1);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { kind: 'rule', of: 'given', alert: 'High', fired: 2, firingSeconds: 120, line: 4, intervalSeconds: 60 },
      { kind: 'rule', of: 'against', fired: 1, firingSeconds: 0, episodes: [{ endedAt: null }] },
      { kind: 'only-given', alert: 'High', firedAt: '2023-11-14T22:16:00Z', endedAt: '2023-11-14T22:18:00Z' },
    ]);
  });

  it('is 2 where there is no history, and where a rule is no rule', () => {
    const none = run(['rules', 'backtest', rules, '--state', 'nowhere']);
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/there is no history/) });
    const wrong = run(['rules', 'backtest', file('wrong.yml', rulesOf(4).replace('x >', 'x >>')), '--import', history]);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/wrong\.yml:4:32: .*parse error/) });
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
      'rules',
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
