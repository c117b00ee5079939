/** A process to be killed: alerting with a state folder and a webhook, its API on a port that it prints. */
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { serveV2 } from '../api/v2-server.ts';
import { config, integration, receiver } from './simple-config.ts';

const [stateDirectory, webhook] = process.argv.slice(2);
const alerting = createAlerting({
  config: config({
    route: { groupBy: 'all', waitMs: 0, intervalMs: 50, repeatMs: 3_600_000 },
    receivers: [receiver('default', [integration('webhook', { url: webhook! })])],
  }),
  externalUrl: 'http://watchfire',
  stateDirectory: stateDirectory!,
  report: (severity, text) => process.stderr.write(`${severity}: ${text}\n`),
});
const server = await serveV2(alerting);
process.stdout.write(`${server.url}\n`);
// Whoever would kill it may have ended before: a process that goes on holds the output of the test runner open.
process.stdin.resume().once('end', () => process.exit());
