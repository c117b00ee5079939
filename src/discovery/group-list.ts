/** A list of target groups as files and HTTP endpoints give it: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`. */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { TargetGroup } from '../config/prometheus-config.ts';
import { Labels } from '../labels/labels.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const jsonList = z.array(
  z.object({
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
  const list = format === 'json' ? jsonList.parse(JSON.parse(text)) : yamlList.parse(parseYaml(text) ?? []);
  return list.map((group, index) => ({
    source: `${source}:${index}`,
    targets: (group.targets ?? []).map((address) => Labels.of({ __address__: address })),
    labels: Labels.of({ ...group.labels, ...origin }),
  }));
}

/** What is wrong with a list, in one line. */
export function listFault(error: unknown): string {
  if (error instanceof z.ZodError) {
    const issue = error.issues[0]!;
    return `not a list of target groups: ${issue.message} at ${issue.path.length === 0 ? 'the top' : issue.path.join('.')}`;
  }
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/:$/, '');
}
