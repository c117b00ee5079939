/** The discoveries that Prometheus has and watchfire does not run: their sections are checked as Prometheus checks them, and named at start. */
import { parseGoUrl, UrlError } from './go-url.ts';
import { httpClientFields, httpClientFrom, type RawHttpClient, tlsConfig } from './http-client-fields.ts';
import type { DiscoveryConfig } from './prometheus-config.ts';
import {
  boolean,
  type Field,
  type Fields,
  field,
  integer,
  list,
  plainStruct,
  type Raw,
  type StructPlace,
  struct,
  type Type,
  text,
} from './schema.ts';
import type { Secret } from './secret.ts';
import { duration, filePath, oneOf, secret, textMap, urlText } from './value-types.ts';

type Discovery = Type<DiscoveryConfig | undefined>;

const MINUTE_MS = 60_000;
const texts = (): Field<readonly string[] | undefined> => field(list(text));
const refresh = (absentMs = MINUTE_MS): Field<number> => field(duration, absentMs);

function kind<F extends Fields>(
  name: string,
  fields: F,
  check: (raw: Raw<F>, at: StructPlace) => void = () => {},
): Discovery {
  return struct(`${name}.plain`, fields, (raw, at) => {
    check(raw, at);
    at.warn(
      at.place,
      `watchfire does not do ${name}_sd_configs: these targets will not be found, the rest of the file works`,
    );
    return { kind: 'unsupported', place: at.place, name };
  });
}

/** One whose section also holds the fields of an HTTP client. */
function httpKind<F extends Fields>(
  name: string,
  fields: F,
  check: (raw: Raw<F> & RawHttpClient, at: StructPlace) => void = () => {},
): Discovery {
  return kind(name, { ...httpClientFields, ...fields }, (raw, at) => {
    const both = raw as unknown as Raw<F> & RawHttpClient;
    check(both, at);
    httpClientFrom(both, at);
  });
}

function role(name: string, roles: readonly string[], label: string): Type<string> {
  return oneOf(
    `${name}.Role`,
    roles,
    (word) => `unknown ${label}role ${JSON.stringify(word)}: use one of ${roles.join(', ')}`,
  );
}

function require(at: StructPlace, name: string, value: unknown, message: string): void {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) at.fail(name, message);
}

function checkUrl(
  at: StructPlace,
  name: string,
  value: string,
  message = '',
): ReturnType<typeof parseGoUrl> | undefined {
  try {
    return parseGoUrl(value);
  } catch (error) {
    at.fail(
      name,
      `${message}${error instanceof UrlError ? error.reason : String(error)}: write it like https://host:port`,
    );
    return undefined;
  }
}

function exactlyOneSecret(
  raw: { readonly secret_key: Secret | undefined; readonly secret_key_file: string | undefined },
  at: StructPlace,
): void {
  if (!raw.secret_key && !raw.secret_key_file)
    at.fail(at.place, 'one of secret_key & secret_key_file must be configured');
  if (raw.secret_key && raw.secret_key_file) {
    at.fail('secret_key_file', 'at most one of secret_key & secret_key_file must be configured');
  }
}

const filter = plainStruct('Filter', { name: field(text), values: texts() });
const filters = field(list(filter));

const awsFields = {
  region: field(text),
  endpoint: field(text),
  access_key: field(text),
  secret_key: field(secret),
  profile: field(text),
  role_arn: field(text),
  external_id: field(text),
  refresh_interval: refresh(),
  port: field(integer, 80),
};

const awsClusterFields = { ...awsFields, clusters: texts(), request_concurrency: field(integer, 10) };
const AWS_ROLES = ['ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'];

function checkFilters(
  raw: { readonly filters: readonly (Raw<{ values: Field<readonly string[] | undefined> }> | undefined)[] | undefined },
  at: StructPlace,
): void {
  for (const [index, each] of (raw.filters ?? []).entries()) {
    if (!each?.values?.length) at.fail(at.item('filters', index), 'EC2 SD configuration filter values cannot be empty');
  }
}

const zookeeperFields = { servers: texts(), paths: texts(), timeout: field(duration, 10_000) };

function checkZookeeper(name: string): (raw: Raw<typeof zookeeperFields>, at: StructPlace) => void {
  return (raw, at) => {
    require(at, 'servers', raw.servers ?? [], `${name} SD config must contain at least one Zookeeper server`);
    require(at, 'paths', raw.paths ?? [], `${name} SD config must contain at least one path`);
    for (const [index, path] of (raw.paths ?? []).entries()) {
      if (!path.startsWith('/'))
        at.fail(at.item('paths', index), `${name} SD config paths must begin with '/': ${path}`);
    }
  };
}

/** By the name before `_sd_configs`. */
export const unsupportedDiscoveries: Readonly<Record<string, Discovery>> = {
  aws: kind(
    'aws',
    {
      ...httpClientFields,
      ...awsFields,
      role: field(role('aws', AWS_ROLES, 'AWS SD ')),
      filters,
      clusters: texts(),
    },
    (raw, at) => {
      if (raw.role === '') at.fail('role', `unknown AWS SD role "": set role to one of ${AWS_ROLES.join(', ')}`);
    },
  ),
  ec2: httpKind('ec2', { ...awsFields, filters }, checkFilters),
  ecs: httpKind('ecs', awsClusterFields),
  elasticache: httpKind('elasticache', awsClusterFields),
  lightsail: httpKind('lightsail', awsFields),
  msk: httpKind('msk', awsClusterFields),
  rds: httpKind('rds', { ...awsClusterFields, filters }),
  azure: httpKind(
    'azure',
    {
      environment: field(text, 'AzurePublicCloud'),
      port: field(integer, 80),
      subscription_id: field(text),
      tenant_id: field(text),
      client_id: field(text),
      client_secret: field(secret),
      refresh_interval: refresh(5 * MINUTE_MS),
      authentication_method: field(text, 'OAuth'),
      resource_group: field(text),
    },
    (raw, at) => {
      require(at, 'subscription_id', raw.subscription_id, 'azure SD configuration requires a subscription_id');
      if (raw.authentication_method === 'OAuth') {
        require(at, 'tenant_id', raw.tenant_id, 'azure SD configuration requires a tenant_id');
        require(at, 'client_id', raw.client_id, 'azure SD configuration requires a client_id');
        require(at, 'client_secret', raw.client_secret, 'azure SD configuration requires a client_secret');
      } else if (!['ManagedIdentity', 'SDK', 'WorkloadIdentity'].includes(raw.authentication_method)) {
        const method = JSON.stringify(raw.authentication_method);
        const supported = '"OAuth", "ManagedIdentity", "SDK" or "WorkloadIdentity"';
        at.fail('authentication_method', `unknown authentication_type ${method}. Supported types are ${supported}`);
      }
    },
  ),
  consul: httpKind(
    'consul',
    {
      server: field(text, 'localhost:8500'),
      path_prefix: field(text),
      token: field(secret),
      datacenter: field(text),
      namespace: field(text),
      partition: field(text),
      tag_separator: field(text, ','),
      scheme: field(text, 'http'),
      username: field(text),
      password: field(secret),
      allow_stale: field(boolean, true),
      refresh_interval: refresh(30_000),
      services: texts(),
      tags: texts(),
      node_meta: field(textMap),
      filter: field(text),
      health_filter: field(text),
    },
    (raw, at) => {
      require(at, 'server', raw.server.trim(), 'consul SD configuration requires a server address');
      if ((raw.username !== '' || raw.password) && raw.basic_auth) {
        at.fail(
          'basic_auth',
          'at most one of consul SD configuration username and password and basic auth can be configured',
        );
      }
      if (raw.token && (raw.authorization || raw.oauth2)) {
        at.fail('token', 'at most one of consul SD token, authorization, or oauth2 can be configured');
      }
    },
  ),
  digitalocean: httpKind(
    'digitalocean',
    {
      refresh_interval: refresh(),
      port: field(integer, 80),
      role: field(role('digitalocean', ['droplets', 'databases'], 'DigitalOcean SD '), 'droplets'),
    },
    (raw, at) => require(at, 'role', raw.role, 'role missing (one of: droplets, databases)'),
  ),
  docker: httpKind(
    'docker',
    {
      host: field(urlText),
      port: field(integer, 80),
      filters,
      host_networking_host: field(text, 'localhost'),
      refresh_interval: refresh(),
      match_first_network: field(boolean, true),
    },
    (raw, at) => {
      require(at, 'host', raw.host, 'host missing');
      checkUrl(at, 'host', raw.host);
    },
  ),
  dockerswarm: httpKind(
    'dockerswarm',
    { host: field(urlText), role: field(text), port: field(integer, 80), filters, refresh_interval: refresh() },
    (raw, at) => {
      require(at, 'host', raw.host, 'host missing');
      checkUrl(at, 'host', raw.host);
      if (raw.role === '') at.fail('role', 'role missing (one of: tasks, services, nodes)');
      else if (!['services', 'nodes', 'tasks'].includes(raw.role)) {
        at.fail('role', `invalid role ${raw.role}, expected tasks, services, or nodes`);
      }
    },
  ),
  eureka: httpKind('eureka', { server: field(urlText), refresh_interval: refresh(30_000) }, (raw, at) => {
    if (raw.server === '') return at.fail('server', 'eureka_sd: empty or null eureka server');
    const url = checkUrl(at, 'server', raw.server);
    if (url && (url.scheme === '' || url.host === '')) at.fail('server', 'eureka_sd: invalid eureka server URL');
  }),
  gce: kind(
    'gce',
    {
      project: field(text),
      zone: field(text),
      filter: field(text),
      refresh_interval: refresh(),
      port: field(integer, 80),
      tag_separator: field(text, ','),
    },
    (raw, at) => {
      require(at, 'project', raw.project, 'GCE SD configuration requires a project');
      require(at, 'zone', raw.zone, 'GCE SD configuration requires a zone');
    },
  ),
  hetzner: httpKind(
    'hetzner',
    {
      refresh_interval: refresh(),
      port: field(integer, 80),
      role: field(role('hetzner', ['robot', 'hcloud'], '')),
      label_selector: field(text),
    },
    (raw, at) => require(at, 'role', raw.role, 'role missing (one of: robot, hcloud)'),
  ),
  ionos: httpKind(
    'ionos',
    { datacenter_id: field(text), refresh_interval: refresh(), port: field(integer, 80) },
    (raw, at) => require(at, 'datacenter_id', raw.datacenter_id, "datacenter id can't be empty"),
  ),
  kuma: httpKind(
    'kuma',
    {
      refresh_interval: refresh(15_000),
      fetch_timeout: refresh(2 * MINUTE_MS),
      server: field(urlText),
      client_id: field(text),
    },
    (raw, at) => {
      if (raw.server === '') return at.fail('server', 'kuma SD server must not be empty: ');
      const url = checkUrl(at, 'server', raw.server);
      if (url && (url.scheme === '' || url.host === '')) {
        at.fail('server', `kuma SD server must not be empty and have a scheme: ${raw.server}`);
      }
    },
  ),
  linode: httpKind('linode', {
    refresh_interval: refresh(),
    port: field(integer, 80),
    tag_separator: field(text, ','),
    region: field(text),
  }),
  marathon: httpKind(
    'marathon',
    {
      servers: texts(),
      refresh_interval: refresh(30_000),
      auth_token: field(secret),
      auth_token_file: field(filePath),
    },
    (raw, at) => {
      require(at, 'servers', raw.servers ?? [], 'marathon_sd: must contain at least one Marathon server');
      if (raw.auth_token && raw.auth_token_file) {
        at.fail('auth_token_file', 'marathon_sd: at most one of auth_token & auth_token_file must be configured');
      }
      if (!raw.auth_token && !raw.auth_token_file) return;
      const place = raw.auth_token ? 'auth_token' : 'auth_token_file';
      if (raw.basic_auth) {
        at.fail(place, 'marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured');
      } else if (raw.bearer_token || raw.bearer_token_file) {
        const names = 'bearer_token, bearer_token_file, auth_token & auth_token_file';
        at.fail(place, `marathon_sd: at most one of ${names} must be configured`);
      } else if (raw.authorization) {
        at.fail(place, 'marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured');
      }
    },
  ),
  nerve: kind('nerve', zookeeperFields, checkZookeeper('nerve')),
  nomad: httpKind(
    'nomad',
    {
      allow_stale: field(boolean, true),
      namespace: field(text, 'default'),
      refresh_interval: refresh(),
      region: field(text, 'global'),
      server: field(urlText, 'http://localhost:4646'),
      tag_separator: field(text, ','),
    },
    (raw, at) => require(at, 'server', raw.server.trim(), 'nomad SD configuration requires a server address'),
  ),
  oci: httpKind(
    'oci',
    {
      auth: field(text, 'api_key'),
      tenancy: field(text),
      user: field(text),
      fingerprint: field(text),
      key_file: field(filePath),
      key_passphrase: field(secret),
      key_passphrase_file: field(filePath),
      region: field(text),
      compartments: texts(),
      port: field(integer, 80),
      refresh_interval: refresh(),
    },
    checkOci,
  ),
  openstack: kind(
    'openstack',
    {
      identity_endpoint: field(text),
      username: field(text),
      userid: field(text),
      password: field(secret),
      project_name: field(text),
      project_id: field(text),
      domain_name: field(text),
      domain_id: field(text),
      application_credential_name: field(text),
      application_credential_id: field(text),
      application_credential_secret: field(secret),
      role: field(role('openstack', ['hypervisor', 'instance', 'loadbalancer'], 'OpenStack SD ')),
      region: field(text),
      refresh_interval: refresh(),
      port: field(integer, 80),
      all_tenants: field(boolean),
      tls_config: field(tlsConfig),
      availability: field(text, 'public'),
    },
    (raw, at) => {
      if (!['public', 'internal', 'admin'].includes(raw.availability)) {
        at.fail('availability', `unknown availability ${raw.availability}, must be one of admin, internal or public`);
      }
      require(at, 'role', raw.role, 'role missing (one of: instance, hypervisor, loadbalancer)');
      require(at, 'region', raw.region, 'openstack SD configuration requires a region');
    },
  ),
  outscale: httpKind(
    'outscale',
    {
      endpoint: field(text),
      region: field(text, 'eu-west-2'),
      access_key: field(text),
      secret_key: field(secret),
      secret_key_file: field(filePath),
      refresh_interval: refresh(),
      port: field(integer, 80),
    },
    (raw, at) => {
      require(at, 'region', raw.region, 'outscale SD configuration requires a region');
      require(at, 'access_key', raw.access_key, 'outscale SD configuration requires access_key');
      exactlyOneSecret(raw, at);
    },
  ),
  ovhcloud: kind(
    'ovhcloud',
    {
      endpoint: field(text, 'ovh-eu'),
      application_key: field(text),
      application_secret: field(secret),
      consumer_key: field(secret),
      refresh_interval: refresh(),
      service: field(text),
    },
    (raw, at) => {
      require(at, 'endpoint', raw.endpoint, 'endpoint can not be empty');
      require(at, 'application_key', raw.application_key, 'application key can not be empty');
      require(at, 'application_secret', raw.application_secret, 'application secret can not be empty');
      require(at, 'consumer_key', raw.consumer_key, 'consumer key can not be empty');
      if (!['dedicated_server', 'vps'].includes(raw.service)) {
        at.fail('service', `unknown service: ${raw.service}: use dedicated_server or vps`);
      }
    },
  ),
  puppetdb: httpKind(
    'puppetdb',
    {
      refresh_interval: refresh(),
      url: field(urlText),
      query: field(text),
      include_parameters: field(boolean),
      port: field(integer, 80),
    },
    (raw, at) => {
      if (raw.url === '') at.fail('url', 'URL is missing');
      else checkHttpUrl(at, 'url', raw.url);
      require(at, 'query', raw.query, 'query missing');
    },
  ),
  scaleway: httpKind(
    'scaleway',
    {
      project_id: field(text),
      api_url: field(urlText, 'https://api.scaleway.com'),
      zone: field(text, 'fr-par-1'),
      access_key: field(text),
      secret_key: field(secret),
      secret_key_file: field(filePath),
      name_filter: field(text),
      tags_filter: texts(),
      refresh_interval: refresh(),
      port: field(integer, 80),
      role: field(role('scaleway', ['instance', 'baremetal'], '')),
    },
    (raw, at) => {
      require(at, 'role', raw.role, 'role missing (one of: instance, baremetal)');
      require(at, 'project_id', raw.project_id, 'project_id is mandatory');
      exactlyOneSecret(raw, at);
      require(at, 'access_key', raw.access_key, 'access_key is mandatory');
      checkScalewayFormats(raw, at);
    },
  ),
  serverset: kind('serverset', zookeeperFields, checkZookeeper('serverset')),
  stackit: httpKind(
    'stackit',
    {
      project: field(text),
      refresh_interval: refresh(),
      port: field(integer, 80),
      region: field(text, 'eu01'),
      endpoint: field(urlText),
      service_account_key: field(secret),
      private_key: field(secret),
      service_account_key_path: field(text),
      private_key_path: field(text),
      credentials_file_path: field(text),
    },
    (raw, at) => {
      if (raw.endpoint === '' && raw.region === '') at.fail('region', 'stackit_sd: endpoint and region missing');
      checkUrl(at, 'endpoint', raw.endpoint, `stackit_sd: invalid endpoint ${JSON.stringify(raw.endpoint)}: `);
    },
  ),
  triton: kind(
    'triton',
    {
      account: field(text),
      role: field(text, 'container'),
      dns_suffix: field(text),
      endpoint: field(text),
      groups: texts(),
      port: field(integer, 9163),
      refresh_interval: refresh(),
      tls_config: field(tlsConfig),
      version: field(integer, 1),
    },
    (raw, at) => {
      if (raw.role !== 'container' && raw.role !== 'cn') {
        at.fail('role', "triton SD configuration requires role to be 'container' or 'cn'");
      }
      require(at, 'account', raw.account, 'triton SD configuration requires an account');
      require(at, 'dns_suffix', raw.dns_suffix, 'triton SD configuration requires a dns_suffix');
      require(at, 'endpoint', raw.endpoint, 'triton SD configuration requires an endpoint');
      if (raw.refresh_interval <= 0) {
        at.fail('refresh_interval', 'triton SD configuration requires RefreshInterval to be a positive integer');
      }
    },
  ),
  uyuni: httpKind(
    'uyuni',
    {
      server: field(urlText),
      username: field(text),
      password: field(secret),
      entitlement: field(text, 'monitoring_entitled'),
      separator: field(text, ','),
      refresh_interval: refresh(),
    },
    (raw, at) => {
      if (raw.server === '') at.fail('server', 'Uyuni SD configuration requires server host');
      checkUrl(at, 'server', raw.server, 'Uyuni Server URL is not valid: ');
      require(at, 'username', raw.username, 'Uyuni SD configuration requires a username');
      require(at, 'password', raw.password, 'Uyuni SD configuration requires a password');
    },
  ),
  vultr: httpKind('vultr', { refresh_interval: refresh(), port: field(integer, 80) }),
};

/** The rules on the URL of `http_sd_configs` and `puppetdb_sd_configs`. */
export function checkHttpUrl(at: StructPlace, name: string, value: string): void {
  const url = checkUrl(at, name, value);
  if (!url) return;
  if (url.scheme !== 'http' && url.scheme !== 'https') at.fail(name, "URL scheme must be 'http' or 'https'");
  else if (url.host === '') at.fail(name, 'host is missing in URL');
}

const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** What Scaleway's own client refuses before it asks anybody. */
function checkScalewayFormats(
  raw: {
    readonly access_key: string;
    readonly secret_key: Secret | undefined;
    readonly project_id: string;
    readonly zone: string;
    readonly api_url: string;
  },
  at: StructPlace,
): void {
  if (raw.access_key !== '' && !/^SCW[A-Z0-9]{17}$/.test(raw.access_key)) {
    at.fail('access_key', 'invalid access key format, expected SCWXXXXXXXXXXXXXXXXX format');
  }
  if (raw.secret_key && !UUID.test(raw.secret_key.reveal()))
    at.fail('secret_key', 'invalid secret key format, expected a UUID');
  if (raw.project_id !== '' && !UUID.test(raw.project_id)) {
    at.fail('project_id', `invalid project ID format '${raw.project_id}', expected a UUID`);
  }
  if (!/^[a-z]{2}-[a-z]{3,7}-[0-9]{1,2}$/.test(raw.zone)) {
    at.fail('zone', `invalid default zone format '${raw.zone}': write it like fr-par-1`);
  }
  if (raw.api_url === '') at.fail('api_url', "invalid API url ''");
  else if (checkUrl(at, 'api_url', raw.api_url) && raw.api_url.endsWith('/')) {
    at.fail('api_url', `invalid API url '${raw.api_url}' it should not have a trailing slash`);
  }
}

interface RawOci {
  readonly auth: string;
  readonly tenancy: string;
  readonly user: string;
  readonly fingerprint: string;
  readonly key_file: string | undefined;
  readonly key_passphrase: Secret | undefined;
  readonly key_passphrase_file: string | undefined;
  readonly region: string;
  readonly compartments: readonly string[] | undefined;
  readonly refresh_interval: number;
}

function checkOci(raw: RawOci, at: StructPlace): void {
  require(at, 'region', raw.region, 'oci_sd: region is required');
  const { tenancy, user, fingerprint, key_file, key_passphrase, key_passphrase_file } = raw;
  if (raw.auth === 'api_key') {
    for (const [name, value] of Object.entries({ tenancy, user, fingerprint, key_file })) {
      require(at, name, value, `oci_sd: api_key auth requires ${name}`);
    }
    if (key_passphrase && key_passphrase_file) {
      at.fail(
        'key_passphrase_file',
        'oci_sd: at most one of key_passphrase and key_passphrase_file must be configured',
      );
    }
  } else if (raw.auth === 'instance_principal') {
    if (tenancy || user || fingerprint || key_file || key_passphrase || key_passphrase_file) {
      const names = 'tenancy, user, fingerprint, key_file, key_passphrase, or key_passphrase_file';
      at.fail('auth', `oci_sd: instance_principal auth must not have ${names} set`);
    }
  } else {
    const auth = JSON.stringify(raw.auth);
    at.fail('auth', `oci_sd: unknown auth method ${auth}, expected "api_key" or "instance_principal"`);
  }
  for (const [index, compartment] of (raw.compartments ?? []).entries()) {
    require(at, 'compartments', compartment, `oci_sd: compartments[${index}] must not be empty`);
  }
  if (raw.refresh_interval <= 0) at.fail('refresh_interval', 'oci_sd: refresh_interval must be positive, got 0s');
}
