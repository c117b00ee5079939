/** Amazon SNS: a message published to a topic, a phone or an endpoint, signed with keys of the entry or of the environment. */
import type { Notification, Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { Clock } from '../config/clock.ts';
import type { HttpClient } from '../http/client.ts';
import { AssumedRole, awsError } from './aws-role.ts';
import { type AwsCredentials, signedHeaders } from './aws-signature.ts';
import { type ChannelContext, groupHash, isOutcome, outcomeOf, send } from './channel.ts';
import { FieldError, type Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

export interface SnsContext extends ChannelContext {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const LARGEST_MESSAGE_BYTES = 256 * 1024;
const LARGEST_SMS_BYTES = 1600;

export function snsNotifier({ fields, http, clock, environment, render }: SnsContext): Notifier {
  const sigv4 = fields.object('sigv4');
  const role = roleOf(sigv4, http);
  return {
    async notify(notification, signal): Promise<NotifyOutcome> {
      const rendering = render(notification);
      const region = sigv4.text('region') || (environment['AWS_REGION'] ?? '');
      if (region === '') throw new FieldError('region not configured in sns.sigv4.region or in AWS_REGION');
      const url = new URL(rendering.text(fields.text('api_url')) || `https://sns.${region}.amazonaws.com/`).href;
      const body = publishForm(fields, notification, rendering).toString();
      const nowMs = clock.nowMs();
      const own = credentialsOf(sigv4, environment);
      const used = role === undefined ? { credentials: own } : await role.credentials(own, region, nowMs, signal);
      if ('ok' in used) return used;
      const headers = signedHeaders({ url, body, region, service: 'sns', nowMs }, used.credentials);
      const answer = await send(http, { method: 'POST', url, body, headers }, signal);
      return isOutcome(answer) ? answer : outcomeOf(answer, awsError);
    },
  };
}

function roleOf(sigv4: Fields, http: HttpClient): AssumedRole | undefined {
  const roleArn = sigv4.text('role_arn');
  if (roleArn === '') return undefined;
  return new AssumedRole({
    http,
    roleArn,
    externalId: sigv4.text('external_id'),
    sessionName: sigv4.text('session_name'),
    tags: sigv4.entries('tags'),
    usesFips: sigv4.flag('use_fips_sts_endpoint', false),
  });
}

/** Why the entry cannot be used: a way to sign in that asks for files of other programs. */
export function snsObstacle(fields: Fields): string | undefined {
  if (fields.object('sigv4').text('profile') === '') return undefined;
  return 'sns_configs with sigv4.profile is not supported, only access_key and secret_key, AWS_ACCESS_KEY_ID of the environment, and role_arn with either';
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
  const message = firstBytes(whole, phone === '' ? LARGEST_MESSAGE_BYTES : LARGEST_SMS_BYTES);
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
  form.sort();
  return form;
}

/** The first `limit` bytes of the text as UTF-8, less the part of a character that would be cut; without an ellipsis, as Alertmanager. */
function firstBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
