/** The commands that check files and run tests: `check …`, `test …`. */
import { type Command, Option } from 'commander';
import type { CheckMetricsFlags } from './check.ts';
import type { RelabelFlags } from './check-relabel.ts';
import type { CommandContext } from './context.ts';
import { collect } from './options.ts';
import type { TestReceiverFlags, TestTemplateFlags } from './test-notification.ts';
import type { TestRouteFlags } from './test-route.ts';

export function addCheckCommands(root: Command, context: CommandContext, exit: (code: number) => void): void {
  const check = root.command('check').description('check files: 0 accepted, 1 rejected');
  check
    .command('config')
    .description('prometheus.yml and everything it names')
    .argument('<file...>')
    .action(async (files: string[]) => {
      const { checkConfig } = await import('./check.ts');
      exit(await checkConfig(files, context));
    });
  check
    .command('rules')
    .description('rule files')
    .argument('<file...>')
    .action(async (files: string[]) => {
      const { checkRuleFiles } = await import('./check.ts');
      exit(await checkRuleFiles(files, context));
    });
  check
    .command('alertmanager')
    .description('alertmanager.yml and its templates')
    .argument('<file...>')
    .option('--strict', 'refuse what watchfire accepts and Alertmanager does not')
    .action(async (files: string[], options: { strict?: boolean }) => {
      const { checkAlertmanager } = await import('./check.ts');
      exit(await checkAlertmanager(files, options.strict ?? false, context));
    });
  check
    .command('metrics')
    .description('an exposition, from standard input or files')
    .argument('[file...]')
    .option('--extended', 'also how many series each metric has')
    .addOption(new Option('--lint <checks>', 'what is advised').choices(['all', 'none']).default('all'))
    .action(async (files: string[], options: CheckMetricsFlags) => {
      const { checkMetrics } = await import('./check.ts');
      exit(await checkMetrics(files, options, context));
    });
  check
    .command('relabel')
    .description('what becomes of targets: the labels in and out of each relabelling step')
    .argument('<file>', 'prometheus.yml')
    .option('--job <name>', 'one job only')
    .option('--target <target>', 'host:port, or e.g. __address__="a:80",__meta_x="y"; default: all that the file names')
    .option('--metric', 'metric_relabel_configs instead, of a series such as up{code="200"} given as --target')
    .option('--json', 'one JSON value a target')
    .action(async (file: string, options: RelabelFlags) => {
      const { checkRelabel } = await import('./check-relabel.ts');
      exit(await checkRelabel(file, options, context));
    });
}

export function addTestCommands(root: Command, context: CommandContext, exit: (code: number) => void): void {
  const test = root.command('test').description('run tests: 0 all passed, 1 one failed');
  test
    .command('rules')
    .description("unit tests of rules, in promtool's format")
    .argument('<file...>')
    .action(async (files: string[]) => {
      const { testRules } = await import('./test.ts');
      exit(await testRules(files, context));
    });
  test
    .command('promql')
    .description("scripts in Prometheus' promqltest format")
    .argument('<file...>')
    .action(async (files: string[]) => {
      const { testPromql } = await import('./test.ts');
      exit(await testPromql(files, context));
    });
  test
    .command('route')
    .description('where alerts go: one with these labels, or those of a file of cases')
    .argument('<file>', 'alertmanager.yml')
    .argument('[label...]', 'e.g. severity=critical')
    .option('--receivers <names>', 'fail unless it goes to exactly these, comma-separated')
    .option('--cases <file>', 'YAML or JSON lines: labels, receivers, inhibited_by, muted_by (repeatable)', collect)
    .option('--json', 'one JSON value: the routes that were tried and the receivers; of cases, one for each')
    .addHelpText('after', CASES_HELP)
    .action(async (file: string, labels: string[], options: TestRouteFlags) => {
      const { testRoute } = await import('./test-route.ts');
      exit(await testRoute(file, labels, options, context));
    });
  test
    .command('receiver')
    .description('send a test notification through a receiver, marked as one')
    .argument('<file>', 'alertmanager.yml')
    .argument('<receiver>')
    .option('--label <name=value>', 'another label of the test alert (repeatable)', collect)
    .option('--annotation <name=value>', 'another annotation (repeatable)', collect)
    .option('--resolved', 'afterwards also say that it is resolved')
    .option('--json', 'one JSON value for each integration and notification')
    .action(async (file: string, receiver: string, options: TestReceiverFlags) => {
      const { testReceiver } = await import('./test-notification.ts');
      exit(await testReceiver(file, receiver, options, context));
    });
  test
    .command('template')
    .description('render a notification template: with a test alert, a payload, or groups that are there')
    .argument('<text>', 'e.g. \'{{ template "slack.default.title" . }}\'')
    .option('--file <glob>', 'template files (repeatable)', collect)
    .option('--config <file>', 'alertmanager.yml: the template files that it names')
    .option('--json <file>', 'the data, as the webhook payload has it')
    .option('--alertmanager <url>', 'once for each group of a running Alertmanager or `watchfire watch --listen`')
    .option('--group <matcher>', 'only of groups with such alerts, e.g. alertname="Down" (repeatable)', collect)
    .action(async (text: string, options: TestTemplateFlags) => {
      const { testTemplate } = await import('./test-notification.ts');
      exit(await testTemplate(text, options, context));
    });
}

const CASES_HELP = `
A file of cases is a YAML list (or JSON, one case a line):

  - name: a critical alert of the database
    labels: {alertname: Down, service: mysql, severity: critical}
    receivers: [dba-page, dba-chat]        # in any order
  - name: what is on a node that is down is told of once
    alerts:                                # these fire together
      - labels: {alertname: NodeDown, instance: a}
        receivers: [ops]
        inhibited_by: []
      - labels: {alertname: ServiceDown, instance: a}
        inhibited_by: [{alertname: NodeDown}]
  - labels: {alertname: DiskFull}
    at: 2026-01-31T22:30:00Z
    muted_by: [night]                      # time intervals of its routes

Exit code 1 where an expectation is not met, with FILE:LINE and the routes that were tried.
`;
