/** `http_sd_configs`: target groups as JSON from an HTTP endpoint, asked at each refresh interval. */
import type { Timer } from '../config/clock.ts';
import type { DiscoveryConfig, TargetGroup } from '../config/prometheus-config.ts';
import type { HttpClient } from '../http/client.ts';
import { hostIn } from '../http/fault.ts';
import type { Discovery, DiscoveryDeps, DiscoveryState } from './discovery.ts';
import { listFault, parseGroupList } from './group-list.ts';

type HttpConfig = Extract<DiscoveryConfig, { kind: 'http' }>;

const LARGEST_ANSWER_BYTES = 64 << 20;

export class HttpDiscovery implements Discovery {
  readonly #config: HttpConfig;
  readonly #deps: DiscoveryDeps;
  readonly #client: HttpClient;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #lastSuccessMs = 0;
  #error = '';
  #delivered: string | undefined;

  constructor(config: HttpConfig, deps: DiscoveryDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#client = deps.createHttpClient(config.http);
  }

  start(onGroups: (groups: readonly TargetGroup[]) => void): void {
    void this.#refresh(onGroups);
  }

  state(): DiscoveryState {
    const origin = hostIn(this.#config.url);
    return { kind: 'http', origin, lastSuccessMs: this.#lastSuccessMs, error: this.#error };
  }

  stop(): void {
    this.#stopping.abort();
    this.#timer?.cancel();
    this.#client.close();
  }

  async #refresh(onGroups: (groups: readonly TargetGroup[]) => void): Promise<void> {
    try {
      const text = await this.#ask();
      if (this.#stopping.signal.aborted) return;
      const groups = parseGroupList(text, 'json', this.#config.url, { __meta_url: this.#config.url });
      this.#lastSuccessMs = this.#deps.clock.nowMs();
      this.#error = '';
      if (text !== this.#delivered) onGroups(groups);
      this.#delivered = text;
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const fault = listFault(error);
      this.#deps.count?.('http-failure');
      if (fault !== this.#error) this.#deps.report('error', `http_sd ${hostIn(this.#config.url)}: ${fault}`);
      this.#error = fault;
    }
    this.#timer = this.#deps.clock.after(this.#config.refreshIntervalMs, () => void this.#refresh(onGroups));
  }

  async #ask(): Promise<string> {
    const answer = await this.#client.request({
      url: this.#config.url,
      headers: {
        accept: 'application/json',
        'x-prometheus-refresh-interval-seconds': String(this.#config.refreshIntervalMs / 1000),
      },
      timeoutMs: this.#config.refreshIntervalMs,
      maxBodyBytes: LARGEST_ANSWER_BYTES,
      signal: this.#stopping.signal,
    });
    if (answer.status !== 200) {
      throw new Error(`server returned HTTP status ${answer.status} ${answer.statusText}`.trimEnd());
    }
    const contentType = (answer.headers['content-type'] ?? '').trim();
    if (!/^application\/json(;\s*charset=("utf-8"|utf-8))?$/i.test(contentType)) {
      throw new Error(`unsupported content type ${JSON.stringify(contentType)}`);
    }
    return Buffer.from(answer.body).toString('utf8');
  }
}
