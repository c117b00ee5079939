/** A program of one's own: it gets the webhook's JSON on standard input, and says by its exit status whether it worked. */
import type { Notifier } from '../alerting/integration.ts';
import type { ChannelContext } from './channel.ts';
import type { RunProgram } from './run-program.ts';
import { statusOf } from './template-data.ts';
import { truncateAlerts, webhookBody } from './webhook.ts';

export interface CommandContext extends Pick<ChannelContext, 'fields' | 'render'> {
  readonly run: RunProgram;
}

export function commandNotifier({ fields, render, run }: CommandContext): Notifier {
  return {
    notify(notification, signal) {
      const { shown, cutOff } = truncateAlerts(notification, fields.number('max_alerts', 0));
      const rendering = render(shown);
      const [program = '', ...args] = fields.strings('command');
      return run({
        program,
        args: args.map((argument) => rendering.text(argument)),
        stdin: webhookBody(shown, rendering, cutOff),
        environment: {
          WATCHFIRE_RECEIVER: notification.receiver,
          WATCHFIRE_STATUS: statusOf(notification),
          WATCHFIRE_GROUP_KEY: notification.groupKey,
          ...Object.fromEntries(fields.entries('environment').map(([name, value]) => [name, rendering.text(value)])),
        },
        directory: fields.text('working_directory'),
        timeoutMs: fields.number('timeout', 10_000),
        signal,
      });
    },
  };
}
