/** One request to a target: what is asked for, what is accepted, and faults in Prometheus' words. */
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import type { ExpositionFormat } from '../exposition/exposition.ts';
import { acceptHeader, formatFromContentType } from '../exposition/negotiation.ts';
import { acceptedEncodings } from '../http/body.ts';
import type { BodyBuffer } from '../http/body-buffer.ts';
import { type HttpClient, HttpError } from '../http/client.ts';
import { ScrapeFault } from './sample-labels.ts';
import type { Target } from './target.ts';

/** Where a job sets no `body_size_limit`, a body beyond this is taken for one that never ends. */
export const LARGEST_BODY_BYTES = 256 * 1024 * 1024;

export interface FetchedBody {
  readonly bytes: Uint8Array;
  readonly format: ExpositionFormat;
  /** Why the format is not what the target said. */
  readonly warning: string | undefined;
}

/** The bytes are a view of `into`. Rejects with HttpError or ScrapeFault. */
export async function fetchBody(
  client: HttpClient,
  config: ScrapeConfig,
  target: Target,
  signal: AbortSignal,
  into: BodyBuffer,
): Promise<FetchedBody> {
  if (!URL.canParse(target.url)) throw new ScrapeFault(`${target.url} is no valid URL`);
  let formatFault: Error | undefined;
  let format: ReturnType<typeof formatFromContentType> = { format: 'text' };
  // A body of exactly the limit is beyond it, as Prometheus counts.
  const limit = config.bodySizeLimitBytes > 0 ? Math.max(1, config.bodySizeLimitBytes - 1) : LARGEST_BODY_BYTES;
  const answer = await client
    .request({
      url: target.url,
      headers: {
        accept: acceptHeader(config.scrapeProtocols, config.metricNameEscapingScheme),
        'accept-encoding': config.enableCompression ? acceptedEncodings : 'identity',
        'x-prometheus-scrape-timeout-seconds': String(target.timeoutMs / 1000),
      },
      timeoutMs: target.timeoutMs,
      maxBodyBytes: limit,
      signal,
      into,
      bodyWanted: (status, headers) => {
        if (status !== 200) return false;
        try {
          format = formatFromContentType(headers['content-type'], config.fallbackScrapeProtocol);
        } catch (error) {
          formatFault = error as Error;
        }
        return formatFault === undefined;
      },
    })
    .catch((error: unknown) => {
      if (!(error instanceof HttpError) || error.fault !== 'body-too-large') throw error;
      throw new ScrapeFault('body size limit exceeded');
    });
  if (answer.status !== 200) {
    throw new ScrapeFault(`server returned HTTP status ${`${answer.status} ${answer.statusText}`.trimEnd()}`);
  }
  // An empty body says nothing in any format.
  if (formatFault !== undefined && answer.headers['content-length'] !== '0') throw new ScrapeFault(formatFault.message);
  return { bytes: answer.body, format: format.format, warning: format.warning };
}
