/** A list of target groups as files and HTTP endpoints give it: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`. */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { TargetGroup } from '../config/prometheus-config.ts';
import { Labels } from '../labels/labels.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const jsonList = z.array(
  z.strictObject({
    targets: z.array(z.string()).nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
);

const yamlList = z.array(
  z.strictObject({
    targets: z.array(scalar).nullish(),
    labels: z.record(z.string(), scalar).nullish(),
  }),
);

/** `source` names the list; `origin` are labels that every group of it gets. Throws Error with one sentence. */
export function parseGroupList(
  text: string,
  format: 'json' | 'yaml',
  source: string,
  origin: Readonly<Record<string, string>>,
): TargetGroup[] {
  const list = format === 'json' ? jsonList.parse(parseJson(text)) : yamlList.parse(parseYaml(text) ?? []);
  return list.map((group, index) => ({
    source: `${source}:${index}`,
    targets: (group.targets ?? []).map((address) => Labels.of({ __address__: address })),
    labels: Labels.of({ ...group.labels, ...origin }),
  }));
}

/** Go's JSON takes the names of a group's fields in any case. */
function parseJson(text: string): unknown {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return list;
  const lower = ([name, value]: [string, unknown]) => [FIELD.test(name) ? name.toLowerCase() : name, value] as const;
  return list.map((group: unknown) =>
    typeof group === 'object' && group !== null ? Object.fromEntries(Object.entries(group).map(lower)) : group,
  );
}

const FIELD = /^(targets|labels)$/i;

/** What is wrong with a list, in one line. */
export function listFault(error: unknown): string {
  if (error instanceof z.ZodError) {
    const issue = error.issues[0]!;
    return `not a list of target groups: ${issue.message} at ${issue.path.length === 0 ? 'the top' : issue.path.join('.')}`;
  }
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/:$/, '');
}
