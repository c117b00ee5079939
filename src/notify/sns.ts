/** Amazon SNS: a message published to a topic, a phone or an endpoint, signed with keys of the entry or of the environment. */
import type { Notification, Notifier } from '../alerting/integration.ts';
import type { Clock } from '../config/clock.ts';
import type { HttpResponse } from '../http/client.ts';
import { type AwsCredentials, signedHeaders } from './aws-signature.ts';
import { bodyText, type ChannelContext, groupHash, outcomeOf, requestNotifier, truncateBytes } from './channel.ts';
import { FieldError, type Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

export interface SnsContext extends ChannelContext {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const LARGEST_MESSAGE_BYTES = 256 * 1024;
const LARGEST_SMS_BYTES = 1600;

export function snsNotifier(context: SnsContext): Notifier {
  const { fields, clock, environment } = context;
  return requestNotifier(
    context,
    (notification, rendering) => {
      const sigv4 = fields.object('sigv4');
      const region = sigv4.text('region') || (environment['AWS_REGION'] ?? '');
      if (region === '') throw new FieldError('region not configured in sns.sigv4.region or in AWS_REGION');
      const url = rendering.text(fields.text('api_url')) || `https://sns.${region}.amazonaws.com/`;
      const body = publishForm(fields, notification, rendering).toString();
      const request = { url: new URL(url).href, body, region, service: 'sns', nowMs: clock.nowMs() };
      return {
        method: 'POST',
        url: request.url,
        body,
        headers: signedHeaders(request, credentialsOf(sigv4, environment)),
      };
    },
    (answer) => outcomeOf(answer, errorDetails),
  );
}

/** Why the entry cannot be used: ways to sign in that ask other services first. */
export function snsObstacle(fields: Fields): string | undefined {
  const sigv4 = fields.object('sigv4');
  const name = ['role_arn', 'profile'].find((each) => sigv4.text(each) !== '');
  return (
    name &&
    `sns_configs with sigv4.${name} is not supported, only access_key and secret_key, or AWS_ACCESS_KEY_ID of the environment`
  );
}

function credentialsOf(sigv4: Fields, environment: SnsContext['environment']): AwsCredentials {
  const accessKey = sigv4.text('access_key');
  if (accessKey !== '') return { accessKey, secretKey: sigv4.text('secret_key'), sessionToken: '' };
  const [key, secret] = [environment['AWS_ACCESS_KEY_ID'], environment['AWS_SECRET_ACCESS_KEY']];
  if (!key || !secret)
    throw new FieldError(
      'no AWS credentials: set sigv4.access_key and secret_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  return { accessKey: key, secretKey: secret, sessionToken: environment['AWS_SESSION_TOKEN'] ?? '' };
}

function publishForm(fields: Fields, notification: Notification, rendering: Rendering): URLSearchParams {
  const text = (name: string): string => rendering.text(fields.text(name));
  const form = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31' });
  const topic = text('topic_arn');
  const phone = text('phone_number');
  const targets = { TopicArn: topic, PhoneNumber: phone, TargetArn: text('target_arn'), Subject: text('subject') };
  for (const [name, value] of Object.entries(targets)) if (value !== '') form.set(name, value);
  if (topic.endsWith('.fifo')) {
    form.set('MessageDeduplicationId', groupHash(notification));
    form.set('MessageGroupId', groupHash(notification));
  }
  const whole = text('message');
  const message = truncateBytes(whole, phone === '' ? LARGEST_MESSAGE_BYTES : LARGEST_SMS_BYTES);
  form.set('Message', message);
  const attributes = fields
    .entries('attributes')
    .map(([name, value]) => [rendering.text(name), rendering.text(value)] as const);
  const all = message === whole ? attributes : [...attributes, ['truncated', 'true'] as const];
  for (const [i, [name, value]] of all.entries()) {
    const entry = `MessageAttributes.entry.${i + 1}`;
    form.set(`${entry}.Name`, name);
    form.set(`${entry}.Value.DataType`, 'String');
    form.set(`${entry}.Value.StringValue`, value);
  }
  return form;
}

/** The message within the XML of an error. */
function errorDetails(answer: HttpResponse): string {
  const text = bodyText(answer);
  return /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text;
}
