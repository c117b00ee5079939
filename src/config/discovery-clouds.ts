/** The discoveries of other clouds: checked, not run. */
import {
  checkUrl,
  type Discovery,
  exactlyOneSecret,
  httpKind,
  kind,
  MINUTE_MS,
  refresh,
  require,
  role,
  texts,
} from './discovery-kind.ts';
import { tlsConfig } from './http-client-fields.ts';
import { boolean, field, integer, type StructPlace, text } from './schema.ts';
import type { Secret } from './secret.ts';
import { filePath, secret, urlText } from './value-types.ts';

/** By the name before `_sd_configs`. */
export const cloudDiscoveries: Readonly<Record<string, Discovery>> = {
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
  digitalocean: httpKind(
    'digitalocean',
    {
      refresh_interval: refresh(),
      port: field(integer, 80),
      role: field(role('digitalocean', ['droplets', 'databases'], 'DigitalOcean SD '), 'droplets'),
    },
    (raw, at) => require(at, 'role', raw.role, 'role missing (one of: droplets, databases)'),
  ),
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
  linode: httpKind('linode', {
    refresh_interval: refresh(),
    port: field(integer, 80),
    tag_separator: field(text, ','),
    region: field(text),
  }),
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
  vultr: httpKind('vultr', { refresh_interval: refresh(), port: field(integer, 80) }),
};

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
