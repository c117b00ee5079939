/** `dns_sd_configs`: targets from SRV, A, AAAA, MX and NS records, asked at each refresh interval. */
import { promises as dns } from 'node:dns';
import type { Timer } from '../config/clock.ts';
import type { DiscoveryConfig, TargetGroup } from '../config/prometheus-config.ts';
import { Labels } from '../labels/labels.ts';
import type { Discovery, DiscoveryDeps, DiscoveryState } from './discovery.ts';
import { candidateNames, readSearchList, type SearchList } from './search-list.ts';

type DnsConfig = Extract<DiscoveryConfig, { kind: 'dns' }>;

/** The questions asked; Node's `dns.promises.Resolver` answers them. Rejections carry Node's `code`. */
export interface DnsResolver {
  resolveSrv(name: string): Promise<{ name: string; port: number }[]>;
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveMx(name: string): Promise<{ exchange: string }[]>;
  resolveNs(name: string): Promise<string[]>;
}

export class DnsDiscovery implements Discovery {
  readonly #config: DnsConfig;
  readonly #deps: DiscoveryDeps;
  /** The last good answer for each name. */
  readonly #groups = new Map<string, TargetGroup>();
  readonly #faults = new Map<string, string>();
  #timer: Timer | undefined;
  #lastSuccessMs = 0;
  #delivered: string | undefined;
  #stopped = false;

  constructor(config: DnsConfig, deps: DiscoveryDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  start(onGroups: (groups: readonly TargetGroup[]) => void): void {
    void this.#refresh(onGroups);
  }

  state(): DiscoveryState {
    return {
      kind: 'dns',
      origin: this.#config.names.join(', '),
      lastSuccessMs: this.#lastSuccessMs,
      error: [...this.#faults.values()].join('; '),
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #refresh(onGroups: (groups: readonly TargetGroup[]) => void): Promise<void> {
    // The machine may have moved to another network since, and so to other name servers.
    const resolver = this.#deps.resolver ?? new dns.Resolver();
    const list = this.#deps.searchList ?? (await readSearchList());
    await Promise.all(this.#config.names.map((name) => this.#resolve(name, resolver, list)));
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.after(this.#config.refreshIntervalMs, () => void this.#refresh(onGroups));
    const groups = [...this.#groups.values()];
    const content = JSON.stringify(groups);
    if (
      content === this.#delivered ||
      (groups.length === 0 && this.#delivered === undefined && this.#faults.size > 0)
    ) {
      return;
    }
    this.#delivered = content;
    onGroups(groups);
  }

  /** A name that is not there has no targets; a name server that is not there leaves those known before. */
  async #resolve(name: string, resolver: DnsResolver, list: SearchList): Promise<void> {
    this.#deps.count?.('dns-lookup');
    const found = await this.#firstAnswer(name, resolver, list);
    if (typeof found === 'string') {
      this.#deps.count?.('dns-lookup-failure');
      if (this.#faults.get(name) !== found) this.#deps.report('error', `dns_sd ${found}`);
      this.#faults.set(name, found);
      return;
    }
    this.#faults.delete(name);
    if (found.length > 0) this.#lastSuccessMs = this.#deps.clock.nowMs();
    const targets = found
      .map((labels) => Labels.of({ ...EMPTY_META, ...labels, __meta_dns_name: name }))
      .sort((a, b) => a.compare(b));
    this.#groups.set(name, { source: name, targets, labels: Labels.EMPTY });
  }

  /** Of the first name in the search list that is there, also where it has no records of the type; a text says what is wrong. */
  async #firstAnswer(
    name: string,
    resolver: DnsResolver,
    list: SearchList,
  ): Promise<readonly Record<string, string>[] | string> {
    let fault: string | undefined;
    for (const candidate of candidateNames(name, list)) {
      try {
        return await recordsOf(resolver, this.#config, candidate);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'ENODATA') return [];
        if (code === 'ENOTFOUND') continue;
        fault = `${this.#config.type} ${name}: ${code === undefined ? message : sentence(code)}`;
      }
    }
    return fault ?? [];
  }
}

const EMPTY_META = {
  __meta_dns_srv_record_target: '',
  __meta_dns_srv_record_port: '',
  __meta_dns_mx_record_target: '',
  __meta_dns_ns_record_target: '',
};

async function recordsOf(resolver: DnsResolver, config: DnsConfig, name: string): Promise<Record<string, string>[]> {
  const { port } = config;
  switch (config.type) {
    case 'SRV':
      return (await resolver.resolveSrv(name)).map((record) => ({
        __address__: `${record.name.replace(/\.$/, '')}:${record.port}`,
        __meta_dns_srv_record_target: absolute(record.name),
        __meta_dns_srv_record_port: String(record.port),
      }));
    case 'A':
      return (await resolver.resolve4(name)).map((address) => ({ __address__: `${address}:${port}` }));
    case 'AAAA':
      return (await resolver.resolve6(name)).map((address) => ({ __address__: `[${address}]:${port}` }));
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ exchange }) => ({
        __address__: `${exchange.replace(/\.$/, '')}:${port}`,
        __meta_dns_mx_record_target: absolute(exchange),
      }));
    case 'NS':
      return (await resolver.resolveNs(name)).map((server) => ({
        __address__: `${server.replace(/\.$/, '')}:${port}`,
        __meta_dns_ns_record_target: absolute(server),
      }));
  }
}

/** Prometheus shows names as they stand in the answer, with the root's dot. */
function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

function sentence(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'no name server answers (connection refused)';
    case 'ETIMEOUT':
      return 'the name server does not answer in time';
    case 'ESERVFAIL':
      return 'the name server failed (SERVFAIL)';
    case 'EREFUSED':
      return 'the name server refused the question';
    default:
      return `the name cannot be resolved (${code})`;
  }
}
