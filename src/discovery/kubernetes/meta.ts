/** The `__meta_kubernetes_*` labels that every kind of object has. */
import type { KubernetesObject } from './objects.ts';

/** Labels while they are gathered; empty values count as none. */
export type MetaLabels = Record<string, string>;

const PREFIX = '__meta_kubernetes_';

/** With the common prefix; undefined values are left out. */
export function meta(labels: Readonly<Record<string, string | number | boolean | undefined>>): MetaLabels {
  const out: MetaLabels = {};
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) out[PREFIX + name] = String(value);
  return out;
}

/** Name, labels and annotations of an object as of the kind `kind`, e.g. `pod`. */
export function objectLabels(kind: string, object: KubernetesObject): MetaLabels {
  return { ...meta({ [`${kind}_name`]: object.metadata?.name }), ...describedLabels(kind, object) };
}

/** Labels and annotations alone. */
export function describedLabels(kind: string, object: KubernetesObject): MetaLabels {
  const out: MetaLabels = {};
  for (const [what, pairs] of [
    ['label', object.metadata?.labels],
    ['annotation', object.metadata?.annotations],
  ] as const) {
    for (const [name, value] of Object.entries(pairs ?? {})) {
      const sanitised = sanitiseLabelName(name);
      out[`${PREFIX}${kind}_${what}_${sanitised}`] = value;
      out[`${PREFIX}${kind}_${what}present_${sanitised}`] = 'true';
    }
  }
  return out;
}

export function sanitiseLabelName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/gu, '_');
}

/** `host:port`, an IPv6 host in brackets. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `namespace/name`, by which objects refer to each other. */
export function objectKey(object: KubernetesObject): string {
  const { namespace, name = '' } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}
