/** The labels of a stored sample: those of the line, the target's, and the job's relabelling and limits. */
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import { compareBytes } from '../labels/compare.ts';
import { isLegacyLabelName, isLegacyMetricName, Labels, METRIC_NAME, quote } from '../labels/labels.ts';
import { relabel } from '../labels/relabel.ts';

/** Something about a body that refuses the whole scrape. */
export class ScrapeFault extends Error {}

/**
 * Undefined where relabelling drops the series. `emptyLabels` are names that the line gives an empty value; with
 * honor_labels these keep the target's label away. Throws ScrapeFault.
 */
export function sampleLabels(
  config: ScrapeConfig,
  line: Labels,
  target: Labels,
  duplicateLabel: string | undefined,
  emptyLabels: readonly string[] | undefined,
): Labels | undefined {
  const merged = config.honorLabels ? honoring(line, target, emptyLabels) : overriding(line, target);
  const labels = config.metricRelabelConfigs.length === 0 ? merged : relabel(merged, config.metricRelabelConfigs);
  if (labels === undefined || labels.size === 0) return undefined;
  if (labels.metricName === '') throw new ScrapeFault('missing metric name (__name__ label)');
  checkNames(labels, config);
  checkLimits(labels, config);
  if (duplicateLabel !== undefined && labels.has(duplicateLabel)) {
    throw new ScrapeFault(`label name "${duplicateLabel}" is not unique: invalid sample`);
  }
  return labels;
}

/** The target's labels win; a label of the line that loses is kept as `exported_…`. */
export function overriding(line: Labels, target: Labels): Labels {
  const conflicting = line.names.filter((name) => target.has(name));
  if (conflicting.length === 0) return merge(line, target);
  const all = new Map([...line, ...target]);
  conflicting.sort((a, b) => a.length - b.length);
  for (const name of conflicting) {
    let free = `exported_${name}`;
    while (all.has(free)) free = `exported_${free}`;
    all.set(free, line.get(name));
  }
  return Labels.fromPairs(all);
}

function honoring(line: Labels, target: Labels, emptyLabels: readonly string[] = []): Labels {
  return merge(
    line,
    target.filter((name) => !line.has(name) && !emptyLabels.includes(name)),
  );
}

/** Two sets without a name in common. */
function merge(one: Labels, other: Labels): Labels {
  if (other.size === 0) return one;
  const names: string[] = [];
  const values: string[] = [];
  let at = 0;
  for (let i = 0; i < one.names.length; i++) {
    const name = one.names[i]!;
    while (at < other.names.length && compareBytes(other.names[at]!, name) < 0) {
      names.push(other.names[at]!);
      values.push(other.values[at++]!);
    }
    names.push(name);
    values.push(one.values[i]!);
  }
  for (; at < other.names.length; at++) {
    names.push(other.names[at]!);
    values.push(other.values[at]!);
  }
  return Labels.fromSorted(names, values);
}

function checkNames(labels: Labels, config: ScrapeConfig): void {
  if (config.metricNameValidationScheme !== 'legacy') return;
  const bad =
    !isLegacyMetricName(labels.metricName) ||
    labels.names.some((name) => name !== METRIC_NAME && !isLegacyLabelName(name));
  if (bad) throw new ScrapeFault(`invalid metric name or label names: ${labels}`);
}

function checkLimits(labels: Labels, config: ScrapeConfig): void {
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = config;
  const metric = labels.metricName.slice(0, 50);
  if (labelLimit > 0 && labels.size > labelLimit) {
    throw new ScrapeFault(
      `label_limit exceeded (metric: ${metric}, number of labels: ${labels.size}, limit: ${labelLimit})`,
    );
  }
  if (labelNameLengthLimit === 0 && labelValueLengthLimit === 0) return;
  for (const [name, value] of labels) {
    const nameLength = Buffer.byteLength(name);
    if (labelNameLengthLimit > 0 && nameLength > labelNameLengthLimit) {
      throw new ScrapeFault(
        `label_name_length_limit exceeded (metric: ${metric}, label name: ${name.slice(0, 50)}, length: ${nameLength}, limit: ${labelNameLengthLimit})`,
      );
    }
    const valueLength = Buffer.byteLength(value);
    if (labelValueLengthLimit > 0 && valueLength > labelValueLengthLimit) {
      throw new ScrapeFault(
        `label_value_length_limit exceeded (metric: ${metric}, label name: ${name.slice(0, 50)}, value: ${quote(value.slice(0, 50))}, length: ${valueLength}, limit: ${labelValueLengthLimit})`,
      );
    }
  }
}
