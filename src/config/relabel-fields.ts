/** `relabel_configs` entries, with each action's rules (Prometheus' `relabel.Config.Validate`). */
import { isLegacyLabelName } from '../labels/labels.ts';
import { compileRe2 } from '../labels/regexp.ts';
import type { RelabelAction, RelabelConfig } from '../labels/relabel.ts';
import type { NameValidationScheme, SourcePlace } from './prometheus-config.ts';
import { field, list, parsed, type Raw, type Reading, struct, type Type, text, unsigned } from './schema.ts';
import { labelNames, parsedRegex } from './value-types.ts';

const ACTIONS: readonly RelabelAction[] = [
  'replace',
  'keep',
  'drop',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
];

const DEFAULT_REGEX = '(.*)';
const DEFAULT_SEPARATOR = ';';
const DEFAULT_REPLACEMENT = '$1';
/** What a target may be where names are of the legacy alphabet: a name with `$1` or `${name}` in it. */
const LEGACY_TEMPLATE = /^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$/;
const NEEDS_TARGET: readonly string[] = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'];

const action = parsed<RelabelAction | ''>('relabel.Action', '', (word) => {
  const known = ACTIONS.find((each) => each === word.toLowerCase());
  if (known) return known;
  throw new Error(`unknown relabel action ${JSON.stringify(word)}: use one of ${ACTIONS.join(', ')}`);
});

const fields = {
  source_labels: field(labelNames),
  separator: field(text, DEFAULT_SEPARATOR),
  regex: field(parsedRegex),
  modulus: field(unsigned),
  target_label: field(text),
  replacement: field(text, DEFAULT_REPLACEMENT),
  action: field(action, 'replace'),
};

/** A step as read; `relabelConfigs` checks it once the scheme of names is known. */
export interface RawRelabel {
  readonly raw: Raw<typeof fields>;
  readonly place: SourcePlace;
  readonly placeOf: (name: keyof typeof fields) => SourcePlace;
  readonly regexGiven: boolean;
}

const step: Type<RawRelabel | undefined> = struct('relabel.plain', fields, (raw, at) => ({
  raw,
  place: at.place,
  placeOf: (name) => at.of(name),
  regexGiven: at.has('regex'),
}));

/** A list of steps; one that is null is refused under this name, e.g. `empty or null target relabeling rule in scrape config`. */
export function relabelSteps(nullMessage: string): Type<readonly RawRelabel[] | undefined> {
  const inner = list(step);
  return {
    ...inner,
    zero: undefined,
    read(value, reading) {
      const steps = inner.read(value, reading);
      if (typeof steps === 'symbol' || steps === undefined) return steps;
      const missing = steps.indexOf(undefined);
      if (missing < 0) return steps as readonly RawRelabel[];
      const place = value.kind === 'list' ? value.items[missing]!.place : value.place;
      return reading.fail(place, `${nullMessage}: write a rule or remove the line`);
    },
  };
}

/** Checks the steps by the scheme of names that holds for them. Problems go to the reading. */
export function relabelConfigs(
  steps: readonly RawRelabel[] | undefined,
  scheme: NameValidationScheme,
  reading: Reading,
): readonly RelabelConfig[] {
  const configs: RelabelConfig[] = [];
  for (const each of steps ?? []) {
    const fault = faultOf(each, scheme);
    if (fault) reading.fail(each.placeOf(fault.field), fault.message);
    else configs.push(toConfig(each, scheme));
  }
  return configs;
}

function faultOf(
  step: RawRelabel,
  scheme: NameValidationScheme,
): { readonly field: keyof typeof fields; readonly message: string } | undefined {
  const { raw } = step;
  const isName = (name: string): boolean => (scheme === 'utf8' ? name !== '' : isLegacyLabelName(name));
  const isTemplate = (name: string): boolean => (scheme === 'utf8' ? name !== '' : LEGACY_TEMPLATE.test(name));
  const target = JSON.stringify(raw.target_label);
  if (raw.action === '')
    return { field: 'action', message: `relabel action cannot be empty: use one of ${ACTIONS.join(', ')}` };
  if (raw.action === 'hashmod' && raw.modulus === 0) {
    return { field: 'modulus', message: 'relabel configuration for hashmod requires non-zero modulus' };
  }
  if (NEEDS_TARGET.includes(raw.action) && raw.target_label === '') {
    return {
      field: 'target_label',
      message: `relabel configuration for ${raw.action} action requires 'target_label' value`,
    };
  }
  const badTarget = {
    field: 'target_label',
    message: `${target} is invalid 'target_label' for ${raw.action} action`,
  } as const;
  if (raw.action === 'replace') {
    const templated = raw.target_label.includes('$');
    if (templated ? !isTemplate(raw.target_label) : !isName(raw.target_label)) return badTarget;
  } else if (NEEDS_TARGET.includes(raw.action) && !isName(raw.target_label)) return badTarget;
  const ownReplacement = raw.replacement !== DEFAULT_REPLACEMENT;
  if (['lowercase', 'uppercase', 'keepequal', 'dropequal'].includes(raw.action) && ownReplacement) {
    return { field: 'replacement', message: `'replacement' can not be set for ${raw.action} action` };
  }
  if (raw.action === 'labelmap' && !isTemplate(raw.replacement)) {
    const message = `${JSON.stringify(raw.replacement)} is invalid 'replacement' for ${raw.action} action`;
    return { field: 'replacement', message };
  }
  const extra = raw.modulus !== 0 || raw.separator !== DEFAULT_SEPARATOR || ownReplacement;
  if (raw.action === 'keepequal' || raw.action === 'dropequal') {
    if (!extra && !step.regexGiven) return undefined;
    const message = `${raw.action} action requires only 'source_labels' and \`target_label\`, and no other fields`;
    return { field: 'action', message };
  }
  if (raw.action === 'labeldrop' || raw.action === 'labelkeep') {
    if (!extra && raw.source_labels === undefined && raw.target_label === '') return undefined;
    return { field: 'action', message: `${raw.action} action requires only 'regex', and no other fields` };
  }
  return undefined;
}

function toConfig(step: RawRelabel, scheme: NameValidationScheme): RelabelConfig {
  const { raw } = step;
  const regex = step.regexGiven ? (raw.regex?.source ?? '') : DEFAULT_REGEX;
  return {
    sourceLabels: raw.source_labels ?? [],
    separator: raw.separator,
    regex,
    compiled: raw.regex?.compiled ?? compileRe2(`^(?s:${regex})$`, regex),
    modulus: raw.modulus,
    targetLabel: raw.target_label,
    replacement: raw.replacement,
    action: raw.action as RelabelAction,
    utf8Names: scheme === 'utf8',
  };
}
