/** Target groups of endpoints and endpoint slices, joined with the services and pods behind them. */
import type { TargetGroup } from '../../config/prometheus-config.ts';
import { joinHostPort, type MetaLabels, meta, objectKey, objectLabels, sanitiseLabelName } from './meta.ts';
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  Endpoints,
  ObjectReference,
  Pod,
  Service,
  SliceEndpoint,
} from './objects.ts';
import {
  type AttachedStores,
  containerLabels,
  containersOf,
  group,
  namespaceLabels,
  nodeLabels,
  podLabels,
  serviceLabels,
} from './roles.ts';

export interface EndpointStores extends AttachedStores {
  readonly services: ReadonlyMap<string, Service>;
  readonly pods: ReadonlyMap<string, Pod>;
}

export function endpointsGroup(endpoints: Endpoints, stores: EndpointStores): TargetGroup {
  const builder = new EndpointTargets(stores);
  for (const subset of endpoints.subsets ?? []) {
    for (const port of subset.ports ?? []) {
      for (const address of subset.addresses ?? []) builder.add(...endpointTarget(address, port, true, stores));
      for (const address of subset.notReadyAddresses ?? [])
        builder.add(...endpointTarget(address, port, false, stores));
    }
  }
  const namespace = endpoints.metadata?.namespace;
  const labels = {
    ...meta({ namespace }),
    ...objectLabels('endpoints', endpoints),
    ...labelsOfService(stores, namespace, endpoints.metadata?.name),
    ...namespaceLabels(namespace, stores),
  };
  return group(`endpoints/${objectKey(endpoints)}`, labels, builder.finish());
}

export function endpointSliceGroup(slice: EndpointSlice, stores: EndpointStores): TargetGroup {
  const builder = new EndpointTargets(stores);
  for (const endpoint of slice.endpoints ?? []) {
    for (const port of slice.ports ?? []) {
      for (const address of endpoint.addresses ?? []) {
        builder.add(sliceTarget(address, endpoint, port, stores), port, endpoint.targetRef);
      }
    }
  }
  const namespace = slice.metadata?.namespace;
  const labels = {
    ...meta({ namespace, endpointslice_address_type: slice.addressType }),
    ...objectLabels('endpointslice', slice),
    ...labelsOfService(stores, namespace, slice.metadata?.labels?.['kubernetes.io/service-name']),
    ...namespaceLabels(namespace, stores),
  };
  return group(`endpointslice/${objectKey(slice)}`, labels, builder.finish());
}

/** Gathers a group's targets; at the end come those container ports of the pods that no endpoint covers. */
class EndpointTargets {
  readonly #stores: EndpointStores;
  readonly #targets: MetaLabels[] = [];
  readonly #pods = new Map<Pod, Set<number>>();

  constructor(stores: EndpointStores) {
    this.#stores = stores;
  }

  add(target: MetaLabels, port: EndpointPort, reference: ObjectReference | undefined): void {
    const pod =
      reference?.kind === 'Pod' ? this.#stores.pods.get(`${reference.namespace}/${reference.name}`) : undefined;
    this.#targets.push(target);
    if (pod === undefined) return;
    const covered = this.#pods.get(pod) ?? new Set();
    this.#pods.set(pod, covered);
    Object.assign(target, podLabels(pod));
    if (port.port === undefined) return;
    covered.add(port.port);
    for (const { container, isInit } of containersOf(pod)) {
      const containerPort = container.ports?.find((each) => each.containerPort === port.port);
      if (containerPort !== undefined) Object.assign(target, containerLabels(container, isInit, containerPort));
    }
  }

  finish(): MetaLabels[] {
    for (const [pod, covered] of this.#pods) {
      const ip = pod.status?.podIP;
      if (!ip) continue;
      for (const { container, isInit } of containersOf(pod)) {
        for (const port of container.ports ?? []) {
          if (covered.has(port.containerPort)) continue;
          const address = { __address__: joinHostPort(ip, port.containerPort) };
          this.#targets.push({ ...address, ...containerLabels(container, isInit, port), ...podLabels(pod) });
        }
      }
    }
    return this.#targets;
  }
}

function endpointTarget(
  address: EndpointAddress,
  port: EndpointPort,
  isReady: boolean,
  stores: EndpointStores,
): [MetaLabels, EndpointPort, ObjectReference | undefined] {
  const { targetRef } = address;
  const target = {
    __address__: joinHostPort(address.ip, port.port ?? 0),
    ...meta({
      endpoint_port_name: port.name,
      endpoint_port_protocol: port.protocol,
      endpoint_ready: isReady,
      endpoint_address_target_kind: targetRef?.kind,
      endpoint_address_target_name: targetRef?.name,
      endpoint_node_name: address.nodeName,
      endpoint_hostname: address.hostname,
    }),
    ...nodeLabels(address.nodeName ?? nodeOf(targetRef), stores),
  };
  return [target, port, targetRef];
}

function sliceTarget(address: string, endpoint: SliceEndpoint, port: EndpointPort, stores: EndpointStores): MetaLabels {
  const { conditions, targetRef } = endpoint;
  const target: MetaLabels = {
    __address__: port.port === undefined ? address : joinHostPort(address, port.port),
    ...meta({
      endpointslice_port_name: port.name,
      endpointslice_port_protocol: port.protocol,
      endpointslice_port: port.port,
      endpointslice_port_app_protocol: port.appProtocol,
      endpointslice_endpoint_conditions_ready: conditions?.ready,
      endpointslice_endpoint_conditions_serving: conditions?.serving,
      endpointslice_endpoint_conditions_terminating: conditions?.terminating,
      endpointslice_endpoint_hostname: endpoint.hostname,
      endpointslice_endpoint_node_name: endpoint.nodeName,
      endpointslice_endpoint_zone: endpoint.zone,
      endpointslice_address_target_kind: targetRef?.kind,
      endpointslice_address_target_name: targetRef?.name,
    }),
  };
  for (const [name, value] of Object.entries(endpoint.deprecatedTopology ?? {})) {
    const sanitised = sanitiseLabelName(name);
    const topology = `endpointslice_endpoint_topology_${sanitised}`;
    Object.assign(target, meta({ [topology]: value, [`endpointslice_endpoint_topology_present_${sanitised}`]: true }));
  }
  return Object.assign(target, nodeLabels(nodeOf(targetRef) ?? endpoint.nodeName, stores));
}

function nodeOf(reference: ObjectReference | undefined): string | undefined {
  return reference?.kind === 'Node' ? reference.name : undefined;
}

function labelsOfService(stores: EndpointStores, namespace: string | undefined, name: string | undefined): MetaLabels {
  const service = name === undefined ? undefined : stores.services.get(`${namespace}/${name}`);
  return service === undefined ? {} : serviceLabels(service);
}
