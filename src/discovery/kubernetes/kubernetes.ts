/** `kubernetes_sd_configs`: watches what a role needs and turns it into target groups. */
import type { Timer } from '../../config/clock.ts';
import type { KubernetesDiscoveryConfig, KubernetesRole, TargetGroup } from '../../config/prometheus-config.ts';
import type { HttpClient } from '../../http/client.ts';
import type { Discovery, DiscoveryDeps, DiscoveryState } from '../discovery.ts';
import { type EndpointStores, endpointSliceGroup, endpointsGroup } from './endpoint-roles.ts';
import { type ApiServer, findApiServer } from './kubeconfig.ts';
import type { KubernetesObject } from './objects.ts';
import { PluginClient } from './plugin-client.ts';
import { Reflector } from './reflector.ts';
import { ingressGroup, nodeGroup, podGroup, serviceGroup } from './roles.ts';

/** Changes within this time are delivered together. */
const SETTLE_MS = 250;
const RETRY_CONNECT_MS = 30_000;

type Collection = 'nodes' | 'namespaces' | 'services' | 'pods' | 'endpoints' | 'endpointslices' | 'ingresses';

export class KubernetesDiscovery implements Discovery {
  readonly #config: KubernetesDiscoveryConfig;
  readonly #deps: DiscoveryDeps;
  readonly #reflectors = new Map<Collection, Reflector[]>();
  readonly #faults = new Map<string, string>();
  /** Groups that say nothing of other objects than their own, which last as long as these do. */
  readonly #alone = new WeakMap<KubernetesObject, TargetGroup>();
  #client: HttpClient | undefined;
  #origin: string;
  #timer: Timer | undefined;
  #lastSuccessMs = 0;
  #stopped = false;

  constructor(config: KubernetesDiscoveryConfig, deps: DiscoveryDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#origin = config.apiServer ?? config.kubeconfigFile ?? 'the cluster around this pod';
  }

  start(onGroups: (groups: readonly TargetGroup[]) => void): void {
    void this.#connect(onGroups);
  }

  state(): DiscoveryState {
    return {
      kind: 'kubernetes',
      origin: this.#origin,
      lastSuccessMs: this.#lastSuccessMs,
      error: [...new Set(this.#faults.values())].join('; '),
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const reflector of [...this.#reflectors.values()].flat()) reflector.stop();
    this.#client?.close();
  }

  async #connect(onGroups: (groups: readonly TargetGroup[]) => void): Promise<void> {
    try {
      const server = await findApiServer(this.#config, {
        environment: this.#deps.environment ?? process.env,
        serviceAccountFolder: this.#deps.serviceAccountFolder ?? '/var/run/secrets/kubernetes.io/serviceaccount',
      });
      const namespaces = this.#namespaces(server.ownNamespace);
      if (this.#stopped) return;
      this.#fault('', '');
      this.#origin = new URL(server.url).host;
      this.#client = this.#clientFor(server);
      for (const collection of this.#collections()) {
        const scopes = isNamespaced(collection) && namespaces.length > 0 ? namespaces : [''];
        const reflectors = scopes.map((namespace) => this.#reflector(server.url, collection, namespace, onGroups));
        this.#reflectors.set(collection, reflectors);
      }
      for (const reflector of [...this.#reflectors.values()].flat()) void reflector.run();
    } catch (error) {
      if (this.#stopped) return;
      this.#fault('', (error as Error).message);
      this.#timer = this.#deps.clock.after(RETRY_CONNECT_MS, () => {
        this.#timer = undefined;
        void this.#connect(onGroups);
      });
    }
  }

  #clientFor({ http, plugin }: ApiServer): HttpClient {
    if (plugin === undefined) return this.#deps.createHttpClient(http);
    const { clock, createHttpClient } = this.#deps;
    return new PluginClient({ nowMs: () => clock.nowMs(), createHttpClient }, plugin, http);
  }

  /** Empty: all. */
  #namespaces(ownNamespace: string | undefined): readonly string[] {
    const { namespaces } = this.#config;
    if (!namespaces.ownNamespace) return namespaces.names;
    if (ownNamespace === undefined) throw new Error("own_namespace: the pod's own namespace cannot be determined");
    return [...new Set([...namespaces.names, ownNamespace])];
  }

  #collections(): Collection[] {
    const { role, attachMetadata } = this.#config;
    const needed = [...NEEDED[role]];
    if (attachMetadata.node && role !== 'node' && role !== 'service' && role !== 'ingress') needed.push('nodes');
    if (attachMetadata.namespace && role !== 'node') needed.push('namespaces');
    return needed;
  }

  #reflector(
    url: string,
    collection: Collection,
    namespace: string,
    onGroups: (groups: readonly TargetGroup[]) => void,
  ): Reflector {
    const scope = namespace === '' ? '' : `namespaces/${encodeURIComponent(namespace)}/`;
    const selector = this.#config.selectors.find((each) => COLLECTION_OF[each.role] === collection);
    const selectors = {
      ...(selector?.label && { labelSelector: selector.label }),
      ...(selector?.field && { fieldSelector: selector.field }),
    };
    const deps = {
      client: this.#client!,
      clock: this.#deps.clock,
      random: this.#deps.random,
      onChange: () => this.#deliverSoon(onGroups),
      onFault: (fault: string) => this.#fault(`${collection} ${namespace}`, fault),
    };
    return new Reflector(deps, `${url}/${API_PATHS[collection]}/${scope}${collection}`, selectors);
  }

  #deliverSoon(onGroups: (groups: readonly TargetGroup[]) => void): void {
    this.#lastSuccessMs = this.#deps.clock.nowMs();
    const all = [...this.#reflectors.values()].flat();
    if (this.#stopped || this.#timer !== undefined || !all.every((reflector) => reflector.isSynced)) return;
    this.#timer = this.#deps.clock.after(SETTLE_MS, () => {
      this.#timer = undefined;
      onGroups(this.#groups());
    });
  }

  #groups(): TargetGroup[] {
    const { role } = this.#config;
    const store = (collection: Collection): Map<string, KubernetesObject> =>
      new Map((this.#reflectors.get(collection) ?? []).flatMap((reflector) => [...reflector.objects]));
    const has = (collection: Collection): boolean => this.#reflectors.has(collection);
    const stores: EndpointStores = {
      services: store('services'),
      pods: store('pods'),
      nodes: has('nodes') ? store('nodes') : undefined,
      namespaces: has('namespaces') ? store('namespaces') : undefined,
    };
    const isAlone = this.#reflectors.size === 1;
    const groups: TargetGroup[] = [];
    for (const object of store(COLLECTION_OF[role]).values()) {
      const known = isAlone ? this.#alone.get(object) : undefined;
      const group = known ?? BUILDERS[role](object, stores);
      if (group === undefined) continue;
      groups.push(group);
      if (isAlone) this.#alone.set(object, group);
    }
    return groups;
  }

  #fault(where: string, fault: string): void {
    if (fault !== '') this.#deps.count?.('kubernetes-failure');
    const before = this.#faults.get(where) ?? '';
    if (fault === before) return;
    const all = this.state().error;
    if (fault === '') this.#faults.delete(where);
    else this.#faults.set(where, fault);
    const now = this.state().error;
    // Several collections that fail for one reason are one piece of news.
    if (now === all) return;
    if (now === '') this.#deps.report('info', `kubernetes_sd ${this.#origin}: works again`);
    else if (fault !== '' && !all.includes(fault)) {
      this.#deps.report('error', `kubernetes_sd ${this.#origin}, role ${this.#config.role}: ${fault}`);
    }
  }
}

const COLLECTION_OF: Readonly<Record<KubernetesRole, Collection>> = {
  node: 'nodes',
  service: 'services',
  pod: 'pods',
  endpoints: 'endpoints',
  endpointslice: 'endpointslices',
  ingress: 'ingresses',
};

const NEEDED: Readonly<Record<KubernetesRole, readonly Collection[]>> = {
  node: ['nodes'],
  service: ['services'],
  pod: ['pods'],
  endpoints: ['endpoints', 'services', 'pods'],
  endpointslice: ['endpointslices', 'services', 'pods'],
  ingress: ['ingresses'],
};

const API_PATHS: Readonly<Record<Collection, string>> = {
  nodes: 'api/v1',
  namespaces: 'api/v1',
  services: 'api/v1',
  pods: 'api/v1',
  endpoints: 'api/v1',
  endpointslices: 'apis/discovery.k8s.io/v1',
  ingresses: 'apis/networking.k8s.io/v1',
};

function isNamespaced(collection: Collection): boolean {
  return collection !== 'nodes' && collection !== 'namespaces';
}

const BUILDERS: Readonly<
  Record<KubernetesRole, (object: KubernetesObject, stores: EndpointStores) => TargetGroup | undefined>
> = {
  node: nodeGroup,
  service: serviceGroup,
  pod: podGroup,
  endpoints: endpointsGroup,
  endpointslice: endpointSliceGroup,
  ingress: ingressGroup,
};
