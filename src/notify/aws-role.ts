/** Temporary credentials of an AWS role, asked of STS with other credentials and used until shortly before they expire. */
import type { NotifyOutcome } from '../alerting/integration.ts';
import type { HttpClient, HttpResponse } from '../http/client.ts';
import { type AwsCredentials, signedHeaders } from './aws-signature.ts';
import { bodyText, isOutcome, outcomeOf, send } from './channel.ts';

export interface AssumedRoleOptions {
  readonly http: HttpClient;
  readonly roleArn: string;
  /** What the role's owner may ask for; empty where not. */
  readonly externalId: string;
  /** Empty: one that is made up. */
  readonly sessionName: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly usesFips: boolean;
}

/** So long before they expire credentials are not used any more. */
const MARGIN_MS = 60_000;

export class AssumedRole {
  readonly #options: AssumedRoleOptions;
  #current: { readonly credentials: AwsCredentials; readonly expiresAtMs: number } | undefined;

  constructor(options: AssumedRoleOptions) {
    this.#options = options;
  }

  /** The role's credentials, or why there are none: an outcome of the notification they were wanted for. */
  async credentials(
    own: AwsCredentials,
    region: string,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly credentials: AwsCredentials } | NotifyOutcome> {
    if (this.#current !== undefined && this.#current.expiresAtMs - MARGIN_MS > nowMs) return this.#current;
    const { http, roleArn, externalId, sessionName, tags, usesFips } = this.#options;
    const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
    const url = `https://sts${usesFips ? '-fips' : ''}.${region}.${domain}/`;
    const body = new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: roleArn,
      RoleSessionName: sessionName || `watchfire-${nowMs}`,
      ...(externalId === '' ? {} : { ExternalId: externalId }),
      ...Object.fromEntries(
        tags.flatMap(([key, value], i) => [
          [`Tags.member.${i + 1}.Key`, key],
          [`Tags.member.${i + 1}.Value`, value],
        ]),
      ),
    }).toString();
    const headers = signedHeaders({ url, body, region, service: 'sts', nowMs }, own);
    const answer = await send(http, { method: 'POST', url, body, headers }, signal);
    if (isOutcome(answer)) return answer;
    const outcome = outcomeOf(answer, awsError);
    if (!outcome.ok) return { ...outcome, error: `role ${roleArn}: ${outcome.error}` };
    const text = new TextDecoder().decode(answer.body);
    const element = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
    const credentials = {
      accessKey: element('AccessKeyId'),
      secretKey: element('SecretAccessKey'),
      sessionToken: element('SessionToken'),
    };
    if (credentials.accessKey === '' || credentials.secretKey === '') {
      return { ok: false, retry: true, error: `role ${roleArn}: STS answers without credentials` };
    }
    this.#current = { credentials, expiresAtMs: Date.parse(element('Expiration')) || nowMs };
    return this.#current;
  }
}

/** The message within the XML of an error. */
export function awsError(answer: HttpResponse): string {
  const text = bodyText(answer);
  return /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text;
}
