/** Rule groups as a test writes them, with places that mean nothing. */
import type { RuleConfig, RuleGroupConfig } from '../../src/config/rule-file.ts';

const place = { file: 'rules.yml', line: 1, column: 1 };

export function group(
  name: string,
  rules: readonly RuleConfig[],
  more: Partial<RuleGroupConfig> = {},
): RuleGroupConfig {
  return { place, name, limit: 0, labels: {}, rules, ...more };
}

export function alert(name: string, expression: string, more: Partial<RuleConfig> = {}): RuleConfig {
  return rule('alerting', name, expression, more);
}

export function record(name: string, expression: string, more: Partial<RuleConfig> = {}): RuleConfig {
  return rule('recording', name, expression, more);
}

function rule(kind: RuleConfig['kind'], name: string, expression: string, more: Partial<RuleConfig>): RuleConfig {
  return {
    place,
    expressionPlace: place,
    kind,
    name,
    expression,
    forMs: 0,
    keepFiringForMs: 0,
    labels: {},
    annotations: {},
    labelPlaces: {},
    annotationPlaces: {},
    ...more,
  };
}
