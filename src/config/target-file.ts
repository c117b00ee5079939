/** Files of `file_sd_configs`: target groups in YAML or JSON. */
import { decodeRoot, diskFiles, type LoadOptions, readConfigFile, readingOf, refuseErrors } from './config-files.ts';
import { targetGroup } from './discovery-config.ts';
import type { TargetGroup } from './prometheus-config.ts';
import { FAILED, list } from './schema.ts';

/** Groups are told apart by the file and their position. Throws ConfigError. */
export function loadTargetFile(file: string, options: LoadOptions = {}): readonly TargetGroup[] {
  const document = readConfigFile(file, options.files ?? diskFiles);
  const reading = readingOf(file);
  const groups = decodeRoot(list(targetGroup), document, reading);
  const { root } = document;
  if (groups !== FAILED) {
    for (const [index, group] of (groups ?? []).entries()) {
      const place = (root?.kind === 'list' ? root.items[index]?.place : undefined) ?? { file, line: 1, column: 1 };
      if (!group) reading.fail(place, `nil target group item found (index ${index}): remove it`);
    }
  }
  refuseErrors(reading);
  if (groups === FAILED) return [];
  return (groups ?? []).map((group, index) => ({
    source: `${file}:${index}`,
    targets: group!.targets,
    labels: group!.labels,
  }));
}
