/** The `alerting` section: relabelling of alerts, and the Alertmanagers that they are sent to. */
import { sigv4 } from './cloud-credentials.ts';
import { checkStaticTargets, discoveriesFrom, discoveryFields } from './discovery-config.ts';
import { httpClientFields, httpClientFrom } from './http-client-fields.ts';
import type { AlertmanagerEndpointConfig, NameValidationScheme } from './prometheus-config.ts';
import { relabelConfigs, relabelSteps } from './relabel-fields.ts';
import { field, list, type Reading, struct, text } from './schema.ts';
import { duration, oneOf } from './value-types.ts';

const apiVersion = oneOf('config.AlertmanagerAPIVersion', ['v2'] as const, (word) => {
  return `expected Alertmanager api version to be one of [v2] but got ${word}`;
});

const endpoint = struct(
  'config.AlertmanagerConfig',
  {
    ...discoveryFields,
    ...httpClientFields,
    sigv4: field(sigv4),
    scheme: field(text, 'http'),
    path_prefix: field(text),
    timeout: field(duration, 10_000),
    api_version: field(apiVersion, 'v2'),
    relabel_configs: field(relabelSteps('empty or null Alertmanager target relabeling rule')),
    alert_relabel_configs: field(relabelSteps('empty or null Alertmanager alert relabeling rule')),
  },
  (raw, at) => {
    const http = httpClientFrom(raw, at);
    if (raw.sigv4 && (http.basicAuth || http.authorization || http.oauth2)) {
      at.fail('sigv4', 'at most one of basic_auth, authorization, oauth2, & sigv4 must be configured');
    }
    const discoveries = discoveriesFrom(raw);
    if ((raw.relabel_configs ?? []).length === 0) checkStaticTargets(discoveries, at);
    return { raw, http, discoveries, place: at.place };
  },
);

/** The section as read; `completeAlerting` makes it whole once the scheme of names is known. */
export const alertingSection = struct(
  'config.plain',
  {
    alert_relabel_configs: field(relabelSteps('empty or null alert relabeling rule')),
    alertmanagers: field(list(endpoint)),
  },
  (raw, at) => {
    for (const [index, each] of (raw.alertmanagers ?? []).entries()) {
      if (!each)
        at.fail(at.item('alertmanagers', index), 'empty or null alertmanagers section: fill it in or remove it');
    }
    return raw;
  },
);

export type RawAlerting = NonNullable<(typeof alertingSection)['zero']>;

export function completeAlerting(
  section: RawAlerting | undefined,
  scheme: NameValidationScheme,
  reading: Reading,
): {
  readonly alertmanagers: readonly AlertmanagerEndpointConfig[];
  readonly alertRelabelConfigs: ReturnType<typeof relabelConfigs>;
} {
  const alertmanagers = (section?.alertmanagers ?? []).flatMap((each): AlertmanagerEndpointConfig[] => {
    if (!each) return [];
    const { raw, http, discoveries, place } = each;
    return [
      {
        place,
        scheme: raw.scheme === 'https' ? 'https' : 'http',
        pathPrefix: raw.path_prefix,
        timeoutMs: raw.timeout,
        apiVersion: 'v2',
        http,
        discoveries,
        relabelConfigs: relabelConfigs(raw.relabel_configs, scheme, reading),
        alertRelabelConfigs: relabelConfigs(raw.alert_relabel_configs, scheme, reading),
      },
    ];
  });
  return { alertmanagers, alertRelabelConfigs: relabelConfigs(section?.alert_relabel_configs, scheme, reading) };
}
