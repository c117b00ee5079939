/** Target groups of nodes, services, pods and ingresses, with Prometheus' `__meta_kubernetes_*` labels. */
import type { TargetGroup } from '../../config/prometheus-config.ts';
import { Labels } from '../../labels/labels.ts';
import {
  describedLabels,
  joinHostPort,
  type MetaLabels,
  meta,
  objectKey,
  objectLabels,
  sanitiseLabelName,
} from './meta.ts';
import type { Container, ContainerPort, Ingress, KubernetesObject, Node, Pod, Service } from './objects.ts';

/** What `attach_metadata` may look up, undefined where it is off. */
export interface AttachedStores {
  readonly nodes: ReadonlyMap<string, KubernetesObject> | undefined;
  readonly namespaces: ReadonlyMap<string, KubernetesObject> | undefined;
}

export function group(source: string, labels: MetaLabels, targets: readonly MetaLabels[]): TargetGroup {
  return { source, labels: Labels.of(labels), targets: targets.map((target) => Labels.of(target)) };
}

/** Undefined for a node without an address. */
export function nodeGroup(node: Node): TargetGroup | undefined {
  const addresses = new Map<string, string>();
  for (const { type, address } of node.status?.addresses ?? []) if (!addresses.has(type)) addresses.set(type, address);
  const type = NODE_ADDRESS_TYPES.find((each) => addresses.has(each));
  if (type === undefined) return undefined;
  const name = node.metadata?.name ?? '';
  const target: MetaLabels = {
    __address__: joinHostPort(addresses.get(type)!, node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0),
    instance: name,
  };
  for (const [each, address] of addresses)
    Object.assign(target, meta({ [`node_address_${sanitiseLabelName(each)}`]: address }));
  const labels = { ...meta({ node_provider_id: node.spec?.providerID }), ...objectLabels('node', node) };
  return group(`node/${name}`, labels, [target]);
}

const NODE_ADDRESS_TYPES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname'];

export function serviceGroup(service: Service, attached: AttachedStores): TargetGroup {
  const { name = '', namespace = '' } = service.metadata ?? {};
  const { spec } = service;
  const isExternal = spec?.type === 'ExternalName';
  const targets = (spec?.ports ?? []).map((port) => ({
    __address__: joinHostPort(`${name}.${namespace}.svc`, port.port),
    ...meta({
      service_port_name: port.name,
      service_port_number: port.port,
      service_port_protocol: port.protocol,
      service_type: spec?.type,
      service_external_name: isExternal ? spec.externalName : undefined,
      service_cluster_ip: isExternal ? undefined : spec?.clusterIP,
      service_loadbalancer_ip: spec?.type === 'LoadBalancer' ? spec.loadBalancerIP : undefined,
    }),
  }));
  const labels = { ...serviceLabels(service), ...namespaceLabels(namespace, attached) };
  return group(`svc/${objectKey(service)}`, labels, targets);
}

export function serviceLabels(service: Service): MetaLabels {
  return { ...meta({ namespace: service.metadata?.namespace }), ...objectLabels('service', service) };
}

/** Without targets while the pod has no address. */
export function podGroup(pod: Pod, attached: AttachedStores): TargetGroup {
  const source = `pod/${objectKey(pod)}`;
  const ip = pod.status?.podIP;
  if (!ip) return group(source, {}, []);
  const targets: MetaLabels[] = [];
  for (const { container, isInit } of containersOf(pod)) {
    const statuses = isInit ? pod.status.initContainerStatuses : pod.status.containerStatuses;
    const id = statuses?.find((status) => status.name === container.name)?.containerID;
    const common = meta({ pod_container_id: id });
    if (!container.ports?.length) {
      targets.push({ __address__: ip, ...common, ...containerLabels(container, isInit) });
    }
    for (const port of container.ports ?? []) {
      targets.push({
        __address__: joinHostPort(ip, port.containerPort),
        ...common,
        ...containerLabels(container, isInit, port),
      });
    }
  }
  const labels = {
    ...podLabels(pod),
    ...meta({ namespace: pod.metadata?.namespace }),
    ...nodeLabels(pod.spec?.nodeName, attached),
    ...namespaceLabels(pod.metadata?.namespace, attached),
  };
  return group(source, labels, targets);
}

export function podLabels(pod: Pod): MetaLabels {
  const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.status ?? 'unknown';
  const controller = pod.metadata?.ownerReferences?.find((owner) => owner.controller === true);
  return {
    ...meta({
      pod_ip: pod.status?.podIP,
      pod_ready: ready.toLowerCase(),
      pod_phase: pod.status?.phase,
      pod_node_name: pod.spec?.nodeName,
      pod_host_ip: pod.status?.hostIP,
      pod_uid: pod.metadata?.uid,
      pod_controller_kind: controller?.kind,
      pod_controller_name: controller?.name,
    }),
    ...objectLabels('pod', pod),
  };
}

/** Containers first, then init containers. */
export function containersOf(pod: Pod): { readonly container: Container; readonly isInit: boolean }[] {
  return [
    ...(pod.spec?.containers ?? []).map((container) => ({ container, isInit: false })),
    ...(pod.spec?.initContainers ?? []).map((container) => ({ container, isInit: true })),
  ];
}

export function containerLabels(container: Container, isInit: boolean, port?: ContainerPort): MetaLabels {
  return meta({
    pod_container_name: container.name,
    pod_container_image: container.image,
    pod_container_init: isInit,
    pod_container_port_name: port?.name,
    pod_container_port_number: port?.containerPort,
    pod_container_port_protocol: port?.protocol,
  });
}

export function nodeLabels(nodeName: string | undefined, attached: AttachedStores): MetaLabels {
  const node = nodeName === undefined ? undefined : attached.nodes?.get(nodeName);
  return node === undefined ? {} : objectLabels('node', node);
}

export function namespaceLabels(namespace: string | undefined, attached: AttachedStores): MetaLabels {
  const found = namespace === undefined ? undefined : attached.namespaces?.get(namespace);
  return found === undefined ? {} : describedLabels('namespace', found);
}

export function ingressGroup(ingress: Ingress, attached: AttachedStores): TargetGroup {
  const { spec, metadata } = ingress;
  const tlsHosts = (spec?.tls ?? []).flatMap((tls) => tls.hosts ?? []);
  const targets: MetaLabels[] = [];
  for (const { host = '', http } of spec?.rules ?? []) {
    const scheme = tlsHosts.some((pattern) => matchesHost(pattern, host)) ? 'https' : 'http';
    for (const { path } of http?.paths ?? [{ path: '/' }]) {
      const labels = meta({ ingress_scheme: scheme, ingress_host: host, ingress_path: path || '/' });
      targets.push({ __address__: host, ...labels });
    }
  }
  const labels = {
    ...meta({ namespace: metadata?.namespace, ingress_class_name: spec?.ingressClassName }),
    ...objectLabels('ingress', ingress),
    ...namespaceLabels(metadata?.namespace, attached),
  };
  return group(`ingress/${objectKey(ingress)}`, labels, targets);
}

/** `*.example.com` stands for exactly one more label. */
function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  const parts = host.split('.');
  return pattern.startsWith('*.') && pattern.slice(2) === parts.slice(1).join('.');
}
