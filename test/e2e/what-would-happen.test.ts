/** `watchfire test route` and `test receiver` as a shell sees them: where an alert would go, and whether it would arrive. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellIn } from './shell.ts';

const { directory, run, file } = shellIn('watchfire-test-');

describe('test', () => {
  const config = file(
    'route.yml',
    `route: {receiver: d, routes: [{receiver: page, matchers: [severity="critical"]}]}
receivers:
  - {name: d}
  - {name: page, command_configs: [{command: [tee, -a, told.jsonl]}]}
`,
  );

  it('route: says of each case that fails where it stands and which routes were tried', () => {
    const cases = file(
      'cases.jsonl',
      '{"labels":{"severity":"critical"},"receivers":["page"]}\n{"name":"quiet","labels":{"a":"b"},"receivers":["page"]}\n',
    );
    const { code, out } = run(['test', 'route', config, '--cases', cases]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^cases\.jsonl:2: quiet: \{a="b"\} goes to d, expected page\n {4}\{\} .* chosen → receiver d\n/,
    );
    expect(out).toMatch(/\n1 passed, 1 failed\n$/);
    expect(run(['test', 'route', config]).code).toBe(2);
    const json = run(['test', 'route', config, '--cases', cases, '--json']);
    expect(json.code).toBe(1);
    expect(
      json.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { file: 'cases.jsonl', passed: true, failures: [] },
      { name: 'quiet', passed: false, failures: [{ line: 2, message: '{a="b"} goes to d, expected page' }] },
    ]);
  });

  it('route: names the file as it was given, and tells the same as JSON', () => {
    const { code, out } = run(['test', 'route', config, 'severity=critical']);
    expect(code).toBe(0);
    expect(out).toBe('{} (route.yml:1) entered\n  {severity="critical"} (route.yml:1) chosen → receiver page\npage\n');
    const json = run(['test', 'route', config, 'severity=critical', '--receivers', 'd', '--json']);
    expect(json).toMatchObject({ code: 1, err: 'expected d\n' });
    expect(JSON.parse(json.out)).toEqual({
      labels: { severity: 'critical' },
      receivers: ['page'],
      routes: [
        { matchers: '{}', file: 'route.yml', line: 1, depth: 0, outcome: 'entered', receiver: 'd' },
        {
          matchers: '{severity="critical"}',
          file: 'route.yml',
          line: 1,
          depth: 1,
          outcome: 'chosen',
          receiver: 'page',
        },
      ],
    });
  });

  it('receiver: tells as JSON what each integration came to', () => {
    const failing = file(
      'failing.yml',
      'route: {receiver: r}\nreceivers: [{name: r, command_configs: [{command: [false], send_resolved: false}]}]\n',
    );
    const { code, out } = run(['test', 'receiver', failing, 'r', '--resolved', '--json']);
    expect(code).toBe(1);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { receiver: 'r', integration: 'command[0]', status: 'firing', outcome: 'failed', error: expect.any(String) },
      { receiver: 'r', integration: 'command[0]', status: 'resolved', outcome: 'not-sent' },
    ]);
  });

  it('receiver: sends a firing and a resolved test alert', () => {
    const args = ['test', 'receiver', config, 'page', '--resolved', '--label', 'severity=critical'];
    expect(run(args)).toMatchObject({ code: 0, out: 'command[0]: sent\ncommand[0]: resolved sent\n' });
    const told = readFileSync(join(directory, 'told.jsonl'), 'utf8')
      .trim()
      .split(/(?<=\})\n?(?=\{"receiver)/);
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { status: 'firing', alerts: [{ labels: { alertname: 'WatchfireTest', severity: 'critical' } }] },
      { status: 'resolved', alerts: [{ labels: { alertname: 'WatchfireTest', severity: 'critical' } }] },
    ]);
  });
});
