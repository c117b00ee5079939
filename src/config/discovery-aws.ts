/** The discoveries of Amazon's services: checked, not run. */

import { type Discovery, filters, httpKind, kind, refresh, role, texts } from './discovery-kind.ts';
import { httpClientFields } from './http-client-fields.ts';
import { type Field, field, integer, type Raw, type StructPlace, text } from './schema.ts';
import { secret } from './value-types.ts';

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

/** By the name before `_sd_configs`. */
export const awsDiscoveries: Readonly<Record<string, Discovery>> = {
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
};
