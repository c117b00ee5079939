/** Credentials of cloud vendors under `remote_write` and `alertmanagers`: `sigv4`, `azuread`, `google_iam`. */
import { boolean, field, plainStruct, type Raw, type StructPlace, struct, text } from './schema.ts';
import { filePath, secret, textMap } from './value-types.ts';

const UUID = /^(?:urn:uuid:)?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/;

const sigv4Fields = {
  region: field(text),
  access_key: field(text),
  secret_key: field(secret),
  profile: field(text),
  role_arn: field(text),
  external_id: field(text),
  use_fips_sts_endpoint: field(boolean),
  service_name: field(text),
};

export const sigv4 = struct('sigv4.plain', sigv4Fields, (raw, at) => {
  checkSigv4(raw, at);
  return raw;
});

/** With what names and tags the session of a role, too: Prometheus 3.14 and Alertmanager 0.34 do not know these. */
export const sigv4WithSession = struct(
  'sigv4.plain',
  { ...sigv4Fields, session_name: field(text), tags: field(textMap) },
  (raw, at) => {
    checkSigv4(raw, at);
    if (raw.role_arn === '') {
      if (raw.session_name !== '') at.fail('session_name', 'session_name can only be used with role_arn');
      if (raw.tags?.length) at.fail('tags', 'tags can only be used with role_arn');
    }
    if (raw.session_name !== '' && !/^[\w+=,.@-]{2,64}$/.test(raw.session_name)) {
      at.fail('session_name', 'session_name must match ^[\\w+=,.@-]{2,64}$ (2-64 alphanumeric and +=,.@- characters)');
    }
    for (const { key, value, place } of raw.tags ?? []) {
      if (key === '') at.fail(place, 'tag key must not be empty');
      if (key.length > 128) at.fail(place, `tag key ${JSON.stringify(key)} exceeds maximum length of 128`);
      if (value.length > 256) at.fail(place, `tag value for key ${JSON.stringify(key)} exceeds maximum length of 256`);
    }
    return raw;
  },
);

function checkSigv4(raw: Raw<typeof sigv4Fields>, at: StructPlace): void {
  if ((raw.access_key === '') !== (raw.secret_key === undefined)) {
    const message =
      'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config';
    at.fail(at.place, message);
  }
  if (raw.role_arn === '' && raw.external_id !== '') {
    at.fail('external_id', 'external_id can only be used with role_arn');
  }
}

const azureMethods = {
  managed_identity: field(plainStruct('azuread.ManagedIdentityConfig', { client_id: field(text) })),
  workload_identity: field(
    plainStruct('azuread.WorkloadIdentityConfig', {
      client_id: field(text),
      tenant_id: field(text),
      token_file_path: field(text),
    }),
  ),
  oauth: field(
    plainStruct('azuread.OAuthConfig', {
      client_id: field(text),
      client_secret: field(secret),
      tenant_id: field(text),
    }),
  ),
  sdk: field(plainStruct('azuread.SDKConfig', { tenant_id: field(text) })),
  certificate: field(
    plainStruct('azuread.CertificateConfig', {
      client_id: field(text),
      tenant_id: field(text),
      certificate_path: field(text),
      certificate_key_path: field(text),
      certificate_password: field(secret),
      send_certificate_chain: field(boolean),
    }),
  ),
};

export const azuread = struct(
  'azuread.plain',
  { ...azureMethods, cloud: field(text), scope: field(text) },
  (raw, at) => {
    if (!['', 'AzureChina', 'AzureGovernment', 'AzurePublic'].includes(raw.cloud)) {
      at.fail('cloud', 'must provide a cloud in the Azure AD config: AzurePublic, AzureGovernment or AzureChina');
    }
    const methods = [raw.managed_identity, raw.workload_identity, raw.oauth, raw.sdk, raw.certificate].filter(Boolean);
    if (methods.length === 0) {
      const choice = 'Azure Managed Identity, Azure Workload Identity, Azure OAuth, Azure Certificate or Azure SDK';
      at.fail(at.place, `must provide an ${choice} in the Azure AD config`);
    }
    if (methods.length > 1) at.fail(at.place, 'cannot provide multiple authentication methods in the Azure AD config');
    const managed = raw.managed_identity;
    if (managed && managed.client_id !== '')
      requireUuid(at, 'managed_identity', 'Azure Managed Identity', managed.client_id);
    if (raw.workload_identity)
      requireAll(at, 'workload_identity', 'Azure Workload Identity', raw.workload_identity, ['client_id', 'tenant_id']);
    if (raw.oauth) requireAll(at, 'oauth', 'Azure OAuth', raw.oauth, ['client_id', 'client_secret', 'tenant_id']);
    if (raw.certificate) {
      requireAll(at, 'certificate', 'Azure Certificate', raw.certificate, [
        'client_id',
        'tenant_id',
        'certificate_path',
      ]);
    }
    if (raw.workload_identity?.tenant_id && !UUID.test(raw.workload_identity.tenant_id)) {
      at.fail('workload_identity', 'the provided Azure Workload Identity tenant_id is invalid');
    }
    if (raw.scope !== '' && !/^[\w\s:/.-]+$/.test(raw.scope)) {
      at.fail('scope', 'the provided scope contains invalid characters');
    }
    return raw;
  },
);

function requireAll(at: StructPlace, name: string, title: string, given: object, needed: readonly string[]): void {
  const values = given as Readonly<Record<string, unknown>>;
  for (const key of needed) {
    if (!values[key]) at.fail(name, `must provide an ${title} ${key} in the Azure AD config`);
  }
  if (values['client_id']) requireUuid(at, name, title, String(values['client_id']));
}

function requireUuid(at: StructPlace, name: string, title: string, id: string): void {
  if (!UUID.test(id)) at.fail(name, `the provided ${title} client_id is invalid: it must be a UUID`);
}

export const googleIam = plainStruct('googleiam.Config', { credentials_file: field(filePath) });
