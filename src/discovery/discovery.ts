/** What finds targets: its interface, and the making of each kind. */
import type { Clock } from '../config/clock.ts';
import type { HttpClientConfig } from '../config/http-config.ts';
import type { DiscoveryConfig, TargetGroup } from '../config/prometheus-config.ts';
import type { HttpClient } from '../http/client.ts';
import { DnsDiscovery, type DnsResolver } from './dns.ts';
import { FileDiscovery } from './file.ts';
import { HttpDiscovery } from './http.ts';
import { KubernetesDiscovery } from './kubernetes/kubernetes.ts';
import type { SearchList } from './search-list.ts';

export interface DiscoveryState {
  readonly kind: DiscoveryConfig['kind'];
  /** What it asks, e.g. a file pattern or a host, without credentials. */
  readonly origin: string;
  /** Unix milliseconds of the last good answer; 0: none yet. */
  readonly lastSuccessMs: number;
  /** What is wrong now, one sentence; empty where fine. What was found before stays in use meanwhile. */
  readonly error: string;
}

export interface Discovery {
  /** Calls back with every group it knows, at first as soon as there is an answer and then at each change. Called once. */
  start(onGroups: (groups: readonly TargetGroup[]) => void): void;
  state(): DiscoveryState;
  stop(): void;
}

/** A question that a discovery asked, or something that it could not get. */
export type DiscoveryEvent =
  | 'dns-lookup'
  | 'dns-lookup-failure'
  | 'file-read-error'
  | 'http-failure'
  | 'kubernetes-failure';

export interface DiscoveryDeps {
  readonly clock: Clock;
  createHttpClient(config: HttpClientConfig): HttpClient;
  /** A sentence that a person should read: something unsupported, a bad file, a server that went away or came back. */
  report(severity: 'info' | 'warning' | 'error', text: string): void;
  /** Asks the machine's own name servers where undefined. */
  readonly resolver?: DnsResolver | undefined;
  /** The machine's own where undefined. */
  readonly searchList?: SearchList | undefined;
  /** Told of each event, to be counted. */
  count?(event: DiscoveryEvent): void;
  /** A number from 0 to below 1, to spread retries. */
  random(): number;
  /** Where Kubernetes is looked for, from within a pod. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly serviceAccountFolder?: string | undefined;
}

export function createDiscovery(config: DiscoveryConfig, deps: DiscoveryDeps): Discovery {
  switch (config.kind) {
    case 'static':
      return new StaticDiscovery(config.groups, deps.clock);
    case 'file':
      return new FileDiscovery(config, deps);
    case 'http':
      return new HttpDiscovery(config, deps);
    case 'dns':
      return new DnsDiscovery(config, deps);
    case 'kubernetes':
      return new KubernetesDiscovery(config, deps);
    case 'unsupported':
      return new UnsupportedDiscovery(config, deps);
  }
}

class StaticDiscovery implements Discovery {
  readonly #groups: readonly TargetGroup[];
  readonly #state: DiscoveryState;

  constructor(groups: readonly TargetGroup[], clock: Clock) {
    this.#groups = groups;
    this.#state = { kind: 'static', origin: 'static_configs', lastSuccessMs: clock.nowMs(), error: '' };
  }

  start(onGroups: (groups: readonly TargetGroup[]) => void): void {
    onGroups(this.#groups);
  }

  state(): DiscoveryState {
    return this.#state;
  }

  stop(): void {}
}

/** Finds nothing, and says so. */
class UnsupportedDiscovery implements Discovery {
  readonly #config: Extract<DiscoveryConfig, { kind: 'unsupported' }>;
  readonly #deps: DiscoveryDeps;

  constructor(config: Extract<DiscoveryConfig, { kind: 'unsupported' }>, deps: DiscoveryDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  start(onGroups: (groups: readonly TargetGroup[]) => void): void {
    const { file, line, column } = this.#config.place;
    this.#deps.report('warning', `${file}:${line}:${column}: ${this.#error()}`);
    onGroups([]);
  }

  state(): DiscoveryState {
    return { kind: 'unsupported', origin: this.#config.name, lastSuccessMs: 0, error: this.#error() };
  }

  stop(): void {}

  #error(): string {
    return `watchfire has no ${this.#config.name} discovery: its targets are not scraped, the rest of the file works`;
  }
}
