/** Relabelling as Prometheus does it: label sets rewritten step by step, or dropped. */
import { createHash } from 'node:crypto';
import type { RE2JS } from 're2js';
import { isLegacyLabelName, Labels, quote } from './labels.ts';
import { expandTemplate } from './regexp-template.ts';

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase';

/** One step, defaults filled in. */
export interface RelabelConfig {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** The pattern as written. */
  readonly regex: string;
  /** The pattern anchored and compiled. */
  readonly compiled: RE2JS;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
  readonly action: RelabelAction;
  /** Whether names outside the legacy alphabet may be made. */
  readonly utf8Names: boolean;
}

/** The labels after all steps; undefined where one drops them. */
export function relabel(labels: Labels, configs: readonly RelabelConfig[]): Labels | undefined {
  let current: Labels | undefined = labels;
  for (const config of configs) {
    current = relabelStep(current, config);
    if (current === undefined) return undefined;
  }
  return current;
}

export interface RelabelExplanation {
  readonly config: RelabelConfig;
  readonly before: Labels;
  /** Undefined: the step dropped them, and no later one runs. */
  readonly after: Labels | undefined;
  readonly changed: boolean;
  /** The step in one line, e.g. `replace [job] regex=(.+) → service = $1`. */
  readonly description: string;
  /** What the step looked at: the source labels' values, joined. */
  readonly value: string;
  readonly reason: RelabelReason;
}

/** Why a step did what it did. */
export type RelabelReason =
  | 'kept'
  | 'changed'
  | 'nothing to change'
  | 'regex does not match'
  | 'dropped: regex matches'
  | 'dropped: regex does not match'
  | 'dropped: equal to the target label'
  | 'dropped: not equal to the target label';

/** Each step with the labels before and after it. */
export function explainRelabel(labels: Labels, configs: readonly RelabelConfig[]): readonly RelabelExplanation[] {
  const steps: RelabelExplanation[] = [];
  let before = labels;
  for (const config of configs) {
    const after = relabelStep(before, config);
    const changed = after === undefined || !after.equals(before);
    const value = sourceValue(before, config);
    const reason = reasonOf(config, value, before, after);
    steps.push({ config, before, after, changed, description: describeStep(config), value, reason });
    if (after === undefined) break;
    before = after;
  }
  return steps;
}

function reasonOf(config: RelabelConfig, value: string, before: Labels, after: Labels | undefined): RelabelReason {
  switch (config.action) {
    case 'keep':
      return after ? 'kept' : 'dropped: regex does not match';
    case 'drop':
      return after ? 'kept' : 'dropped: regex matches';
    case 'keepequal':
      return after ? 'kept' : 'dropped: not equal to the target label';
    case 'dropequal':
      return after ? 'kept' : 'dropped: equal to the target label';
    case 'replace':
      if (!matches(config.compiled, value)) return 'regex does not match';
      break;
    case 'labelmap':
      if (!before.names.some((name) => matches(config.compiled, name))) return 'regex does not match';
      break;
  }
  return after?.equals(before) ? 'nothing to change' : 'changed';
}

function describeStep(config: RelabelConfig): string {
  const { action, targetLabel, replacement } = config;
  const sources = config.sourceLabels.length === 0 ? '' : ` [${config.sourceLabels.join(', ')}]`;
  const separator =
    config.separator === ';' || config.sourceLabels.length < 2 ? '' : ` separator=${quote(config.separator)}`;
  const regex = config.regex === '(.*)' ? '' : ` regex=${config.regex}`;
  if (action === 'replace') return `replace${sources}${separator}${regex} → ${targetLabel} = ${replacement}`;
  if (action === 'labelmap') return `labelmap${regex} → ${replacement}`;
  if (action === 'hashmod') return `hashmod${sources}${separator} modulus=${config.modulus} → ${targetLabel}`;
  return `${action}${sources}${separator}${regex}${targetLabel === '' ? '' : ` → ${targetLabel}`}`;
}

function relabelStep(labels: Labels, config: RelabelConfig): Labels | undefined {
  const value = sourceValue(labels, config);
  switch (config.action) {
    case 'keep':
      return matches(config.compiled, value) ? labels : undefined;
    case 'drop':
      return matches(config.compiled, value) ? undefined : labels;
    case 'keepequal':
      return labels.get(config.targetLabel) === value ? labels : undefined;
    case 'dropequal':
      return labels.get(config.targetLabel) === value ? undefined : labels;
    case 'replace':
      return replace(labels, config, value);
    case 'lowercase':
      return labels.with(config.targetLabel, lowerCase(value));
    case 'uppercase':
      return labels.with(config.targetLabel, upperCase(value));
    case 'hashmod':
      return labels.with(config.targetLabel, hashModulo(value, config.modulus));
    case 'labelmap':
      return mapNames(labels, config);
    case 'labeldrop':
      return labels.filter((name) => !matches(config.compiled, name));
    case 'labelkeep':
      return labels.filter((name) => matches(config.compiled, name));
  }
}

function sourceValue(labels: Labels, config: RelabelConfig): string {
  const { sourceLabels } = config;
  if (sourceLabels.length === 1) return labels.get(sourceLabels[0]!);
  return sourceLabels.map((name) => labels.get(name)).join(config.separator);
}

function matches(pattern: RE2JS, value: string): boolean {
  return pattern.matcher(value).matches();
}

/** A name that comes out invalid leaves the labels alone; an empty value takes the label away. */
function replace(labels: Labels, config: RelabelConfig, value: string): Labels {
  if (config.regex === '(.*)') {
    const plain =
      !config.targetLabel.includes('$') && (config.replacement === '$1' || !config.replacement.includes('$'));
    if (plain) return labels.with(config.targetLabel, config.replacement === '$1' ? value : config.replacement);
  }
  const matcher = config.compiled.matcher(value);
  if (!matcher.matches()) return labels;
  const target = expandTemplate(config.targetLabel, matcher);
  if (config.utf8Names ? target === '' : !isLegacyLabelName(target)) return labels;
  return labels.with(target, expandTemplate(config.replacement, matcher));
}

/** Go lower-cases letter by letter, so that a sigma at a word's end is as any other, and a dotted I loses its dot. */
function lowerCase(value: string): string {
  if (!/[İΣ]/.test(value)) return value.toLowerCase();
  return Array.from(value, (character) => (character === 'İ' ? 'i' : character.toLowerCase())).join('');
}

/** Go upper-cases letter by letter, so that ß and the ligatures stay as they are. */
function upperCase(value: string): string {
  const whole = value.toUpperCase();
  if (whole.length === value.length) return whole;
  let out = '';
  for (const character of value) {
    const upper = character.toUpperCase();
    out += [...upper].length === 1 ? upper : character;
  }
  return out;
}

/** The last eight bytes of the MD5 as a big-endian number, modulo the modulus. */
function hashModulo(value: string, modulus: number): string {
  const digest = createHash('md5').update(value).digest();
  return String(digest.readBigUInt64BE(8) % BigInt(modulus));
}

/** Names are taken from the labels as they were; a later one wins where two map to the same. */
function mapNames(labels: Labels, config: RelabelConfig): Labels {
  const pairs = [...labels];
  const mapped: [string, string][] = [];
  for (const [name, value] of pairs) {
    const matcher = config.compiled.matcher(name);
    if (matcher.matches()) mapped.push([expandTemplate(config.replacement, matcher), value]);
  }
  return mapped.length === 0 ? labels : Labels.fromPairs([...pairs, ...mapped.filter(([name]) => name !== '')]);
}
