/** VictorOps (Splunk On-Call): an event of the REST integration. */
import type { Notifier } from '../alerting/integration.ts';
import { type ChannelContext, groupHash, jsonRequest, requestNotifier, truncateRunes } from './channel.ts';
import { inByteOrder } from './go-json.ts';
import { statusOf } from './template-data.ts';

const LONGEST_MESSAGE_RUNES = 20_480;
const FIRING_TYPES = ['INFO', 'WARNING', 'CRITICAL'];

export function victoropsNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(context, (notification, rendering) => {
    const text = (name: string): string => rendering.text(fields.text(name));
    const wanted = rendering.text(fields.text('message_type'));
    const firingType = FIRING_TYPES.includes(wanted) ? wanted : 'CRITICAL';
    const base = fields.text('api_url');
    const key = fields.textOrFile('api_key');
    return jsonRequest(
      `${base.endsWith('/') ? base : `${base}/`}${key}/${rendering.text(fields.text('routing_key'))}`,
      inByteOrder({
        entity_display_name: text('entity_display_name'),
        entity_id: groupHash(notification),
        message_type: statusOf(notification) === 'firing' ? firingType : 'RECOVERY',
        monitoring_tool: text('monitoring_tool'),
        state_message: truncateRunes(text('state_message'), LONGEST_MESSAGE_RUNES),
        ...Object.fromEntries(fields.entries('custom_fields').map(([name, value]) => [name, rendering.text(value)])),
      }),
    );
  });
}
