/** The service discoveries of a scrape job or of an Alertmanager section: static, file, http, dns, kubernetes, and those only checked. */
import { Labels } from '../labels/labels.ts';
import { checkHttpUrl } from './discovery-kind.ts';
import { unsupportedDiscoveries } from './discovery-unsupported.ts';
import { httpClientFields, httpClientFrom, isDefaultHttpClient } from './http-client-fields.ts';
import { fieldSelectorFault, labelSelectorFault } from './kubernetes-selector.ts';
import type { DiscoveryConfig, KubernetesDiscoveryConfig, KubernetesRole, TargetGroup } from './prometheus-config.ts';
import {
  boolean,
  FAILED,
  type Field,
  field,
  integer,
  list,
  plainStruct,
  type StructPlace,
  struct,
  type Type,
  text,
} from './schema.ts';
import { absolutePath, anyUrl, duration, filePath, labelSet, oneOf, urlText } from './value-types.ts';

type Discovery = Type<DiscoveryConfig | undefined>;

/** A `static_configs` entry, also what a file or an HTTP answer of a discovery holds. */
export const targetGroup = struct(
  'struct',
  { targets: field(list(text)), labels: field(labelSet) },
  (raw, at): Omit<TargetGroup, 'source'> & { readonly at: StructPlace } => ({
    targets: (raw.targets ?? []).map((address) => Labels.of({ __address__: address })),
    labels: Labels.fromPairs((raw.labels ?? []).map(({ key, value }) => [key, value] as const)),
    at,
  }),
);

const fileDiscovery: Discovery = struct(
  'file.plain',
  { files: field(list(text)), refresh_interval: field(duration, 300_000) },
  (raw, at) => {
    const files = raw.files ?? [];
    if (files.length === 0) at.fail('files', 'file service discovery config must contain at least one path name');
    for (const [index, name] of files.entries()) {
      if (/^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/.test(name)) continue;
      const message = `path name ${JSON.stringify(name)} is not valid for file discovery: end it in .json, .yml or .yaml`;
      at.fail(at.item('files', index), message);
    }
    return {
      kind: 'file',
      place: at.place,
      files: files.map((name) => absolutePath(name, at.reading.directory)),
      refreshIntervalMs: raw.refresh_interval,
    };
  },
);

const httpDiscovery: Discovery = struct(
  'http.plain',
  { ...httpClientFields, refresh_interval: field(duration, 60_000), url: field(urlText) },
  (raw, at) => {
    if (raw.url === '') at.fail('url', 'URL is missing');
    else checkHttpUrl(at, 'url', raw.url);
    const http = httpClientFrom(raw, at);
    return { kind: 'http', place: at.place, url: raw.url, refreshIntervalMs: raw.refresh_interval, http };
  },
);

const DNS_TYPES = ['SRV', 'A', 'AAAA', 'MX', 'NS'] as const;

const dnsDiscovery: Discovery = struct(
  'dns.plain',
  {
    names: field(list(text)),
    refresh_interval: field(duration, 30_000),
    type: field(text, 'SRV'),
    port: field(integer),
  },
  (raw, at) => {
    const names = raw.names ?? [];
    if (names.length === 0) at.fail('names', 'DNS-SD config must contain at least one SRV record name');
    const type = DNS_TYPES.find((each) => each === raw.type.toUpperCase());
    if (!type) at.fail('type', `invalid DNS-SD records type ${raw.type}: use one of ${DNS_TYPES.join(', ')}`);
    else if (type !== 'SRV' && raw.port === 0) {
      at.fail('port', 'a port is required in DNS-SD configs for all record types except SRV');
    }
    return {
      kind: 'dns',
      place: at.place,
      names,
      type: type ?? 'SRV',
      port: raw.port,
      refreshIntervalMs: raw.refresh_interval,
    };
  },
);

const KUBERNETES_ROLES: readonly KubernetesRole[] = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'];

/** Which other objects a role may select by. */
const SELECTABLE: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  pod: ['pod', 'node'],
  service: ['service'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  endpoints: ['pod', 'service', 'endpoints'],
  node: ['node'],
  ingress: ['ingress'],
};

const kubernetesRole = oneOf<KubernetesRole>('kubernetes.Role', KUBERNETES_ROLES, (word) => {
  return `unknown Kubernetes SD role ${JSON.stringify(word)}: use one of ${KUBERNETES_ROLES.join(', ')}`;
});

const kubernetesFields = {
  ...httpClientFields,
  api_server: field(anyUrl),
  role: field(kubernetesRole),
  kubeconfig_file: field(filePath),
  namespaces: field(plainStruct('kubernetes.plain', { own_namespace: field(boolean), names: field(list(text)) })),
  selectors: field(
    list(
      struct(
        'kubernetes.SelectorConfig',
        { role: field(kubernetesRole), label: field(text), field: field(text) },
        (raw, at) => ({ ...raw, at }),
      ),
    ),
  ),
  attach_metadata: field(
    plainStruct('kubernetes.AttachMetadataConfig', {
      node: field(boolean),
      namespace: field(boolean),
      deployment: field(boolean),
      job: field(boolean),
      cronjob: field(boolean),
    }),
  ),
};

const kubernetesDiscovery: Discovery = struct(
  'kubernetes.plain',
  kubernetesFields,
  (raw, at): KubernetesDiscoveryConfig => {
    const roleMissing = (raw.role as string) === '';
    if (roleMissing) at.fail('role', 'role missing (one of: pod, service, endpoints, endpointslice, node, ingress)');
    const http = httpClientFrom(raw, at);
    const ownHttp = !isDefaultHttpClient(raw);
    const ownNamespace = raw.namespaces?.own_namespace ?? false;
    if (raw.api_server && raw.kubeconfig_file) {
      at.fail('kubeconfig_file', "cannot use 'kubeconfig_file' and 'api_server' simultaneously");
    }
    if (raw.kubeconfig_file && ownHttp) {
      at.fail('kubeconfig_file', "cannot use a custom HTTP client configuration together with 'kubeconfig_file'");
    } else if (!raw.api_server && ownHttp) {
      at.fail(at.place, "to use custom HTTP client configuration please provide the 'api_server' URL explicitly");
    }
    if (raw.api_server && ownNamespace) {
      at.fail('namespaces', "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously");
    }
    if (raw.kubeconfig_file && ownNamespace) {
      at.fail('namespaces', "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously");
    }
    const selectors: KubernetesDiscoveryConfig['selectors'][number][] = [];
    for (const selector of raw.selectors ?? []) {
      const role = selector?.role ?? '';
      const place = selector?.at.place ?? at.of('selectors');
      if (selectors.some((each) => each.role === role)) at.fail(place, `duplicated selector role: ${role}`);
      const allowed = roleMissing ? KUBERNETES_ROLES : SELECTABLE[raw.role];
      if (!(allowed as readonly string[]).includes(role)) {
        at.fail(place, `${raw.role} role supports only ${allowed.join(', ')} selectors`);
      }
      if (!selector) continue;
      const fieldFault = fieldSelectorFault(selector.field);
      if (fieldFault) at.fail(selector.at.of('field'), fieldFault);
      const labelFault = labelSelectorFault(selector.label);
      if (labelFault) at.fail(selector.at.of('label'), labelFault);
      selectors.push({ role: selector.role, label: selector.label, field: selector.field });
    }
    return {
      kind: 'kubernetes',
      place: at.place,
      apiServer: raw.api_server?.text || undefined,
      role: raw.role,
      kubeconfigFile: raw.kubeconfig_file,
      http,
      namespaces: { ownNamespace, names: raw.namespaces?.names ?? [] },
      selectors,
      attachMetadata: { node: raw.attach_metadata?.node ?? false, namespace: raw.attach_metadata?.namespace ?? false },
    };
  },
);

const discoveryKinds: Readonly<Record<string, Discovery>> = {
  ...unsupportedDiscoveries,
  file: fileDiscovery,
  http: httpDiscovery,
  dns: dnsDiscovery,
  kubernetes: kubernetesDiscovery,
};

type DiscoveryField = Field<readonly DiscoveryConfig[] | undefined>;

/** To be spread into a structure: `static_configs` and every `<kind>_sd_configs`. */
export const discoveryFields: Readonly<Record<string, DiscoveryField>> = {
  static_configs: field(withoutNulls('static_configs', staticDiscovery())),
  ...Object.fromEntries(
    Object.entries(discoveryKinds).map(([name, type]) => {
      const key = `${name}_sd_configs`;
      return [key, field(withoutNulls(key, list(type)))];
    }),
  ),
};

/** All discoveries of a structure whose fields were spread from `discoveryFields`. */
export function discoveriesFrom(raw: Readonly<Record<string, unknown>>): readonly DiscoveryConfig[] {
  return Object.keys(discoveryFields).flatMap((key) => (raw[key] as readonly DiscoveryConfig[] | undefined) ?? []);
}

/** Refuses a URL where an address belongs, as Prometheus does where nothing is relabelled. */
export function checkStaticTargets(discoveries: readonly DiscoveryConfig[], at: StructPlace): void {
  for (const discovery of discoveries) {
    if (discovery.kind !== 'static') continue;
    for (const group of discovery.groups) {
      for (const target of group.targets) {
        const address = target.get('__address__');
        if (!address.includes('/')) continue;
        at.fail(
          'static_configs',
          `${JSON.stringify(address)} is not a valid hostname: write host:port, without scheme and path`,
        );
      }
    }
  }
}

/** All groups together are one discovery; their position tells them apart. */
function staticDiscovery(): Type<readonly (DiscoveryConfig | undefined)[] | undefined> {
  const groups = list(targetGroup);
  return {
    name: groups.name,
    zero: undefined,
    read(value, reading) {
      const read = groups.read(value, reading);
      if (read === FAILED || read === undefined) return read;
      if (read.length === 0) return [];
      if (read.includes(undefined)) return [undefined];
      return [
        {
          kind: 'static',
          place: value.place,
          groups: read.map((group, index) => ({
            source: String(index),
            targets: group!.targets,
            labels: group!.labels,
          })),
        },
      ];
    },
  };
}

function withoutNulls(
  key: string,
  type: Type<readonly (DiscoveryConfig | undefined)[] | undefined>,
): Type<readonly DiscoveryConfig[] | undefined> {
  return {
    name: type.name,
    zero: undefined,
    read(value, reading) {
      const read = type.read(value, reading);
      if (read === FAILED || read === undefined) return read;
      const missing = read.indexOf(undefined);
      if (missing < 0) return read as readonly DiscoveryConfig[];
      const place = (value.kind === 'list' ? value.items[missing]?.place : undefined) ?? value.place;
      return reading.fail(place, `empty or null section in ${key}: fill it in or remove it`);
    },
  };
}
