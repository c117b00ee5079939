/** AWS Signature Version 4 of a form that is posted: what SNS asks for. */
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary credentials; empty where there is none. */
  readonly sessionToken: string;
}

export interface AwsRequest {
  readonly url: string;
  readonly body: string;
  readonly region: string;
  readonly service: string;
  readonly nowMs: number;
}

const CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

/** The headers to send the form with, the signature among them. The URL has no query. */
export function signedHeaders(request: AwsRequest, credentials: AwsCredentials): Readonly<Record<string, string>> {
  const { host, pathname } = new URL(request.url);
  const time = new Date(request.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const signed: Record<string, string> = {
    'content-type': CONTENT_TYPE,
    host,
    'x-amz-date': time,
    ...(credentials.sessionToken === '' ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', pathname, '', lines.join(''), names, sha256(request.body)].join('\n');
  const scope = `${day}/${request.region}/${request.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, request.region, request.service, 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${credentials.secretKey}`),
  );
  const signature = hmac(key, toSign).toString('hex');
  const { host: _, ...headers } = signed;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
