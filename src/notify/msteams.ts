/** Microsoft Teams: a message card of a connector, and an adaptive card of a workflow (v2). */
import type { Notifier } from '../alerting/integration.ts';
import { type ChannelContext, jsonRequest, requestNotifier } from './channel.ts';
import { statusOf } from './template-data.ts';

export function msteamsNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(context, (notification, rendering) => {
    const text = (name: string): string => rendering.text(fields.text(name));
    return jsonRequest(fields.textOrFile('webhook_url'), {
      '@context': 'http://schema.org/extensions',
      type: 'MessageCard',
      title: text('title'),
      summary: text('summary'),
      text: text('text'),
      themeColor: statusOf(notification) === 'firing' ? '8C1A1A' : '2DC72D',
    });
  });
}

export function msteamsV2Notifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(context, (notification, rendering) => {
    const text = (name: string): string => rendering.text(fields.text(name));
    const heading = {
      type: 'TextBlock',
      text: text('title'),
      weight: 'Bolder',
      size: 'Medium',
      wrap: true,
      style: 'heading',
      color: statusOf(notification) === 'firing' ? 'Attention' : 'Good',
    };
    return jsonRequest(fields.textOrFile('webhook_url'), {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.2',
            body: [heading, { type: 'TextBlock', text: text('text'), wrap: true }],
            msteams: { width: 'full' },
          },
        },
      ],
    });
  });
}
