/** A program of one's own: it gets the webhook's JSON on standard input, and says by its exit status whether it worked. */
import type { Notifier } from '../alerting/integration.ts';
import type { ChannelContext } from './channel.ts';
import type { RunProgram } from './run-program.ts';
import { statusOf } from './template-data.ts';
import { webhookBody } from './webhook.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

export interface CommandContext extends Pick<ChannelContext, 'fields' | 'render'> {
  readonly run: RunProgram;
}

export function commandNotifier({ fields, render, run }: CommandContext): Notifier {
  return {
    notify(notification, signal) {
      const rendering = render(notification);
      const [program = '', ...args] = fields.strings('command');
      return run({
        program,
        args: args.map((argument) => rendering.text(argument)),
        stdin: webhookBody(notification, rendering),
        environment: {
          WATCHFIRE_RECEIVER: notification.receiver,
          WATCHFIRE_STATUS: statusOf(notification),
          WATCHFIRE_GROUP_KEY: notification.groupKey,
          ...Object.fromEntries(fields.entries('env').map(([name, value]) => [name, rendering.text(value)])),
        },
        timeoutMs: fields.number('timeout', DEFAULT_TIMEOUT_MS),
        signal,
      });
    },
  };
}
