import { expect, it } from 'vitest';
import { parseExpression } from '../../src/promql/parse.ts';
import { BUILTIN_RULES, builtinRuleGroups } from '../../src/rules/builtin.ts';
import { checkRuleContents } from '../../src/rules/check.ts';

it('has the four threshold alerts, each with severity and cooldown', () => {
  const groups = builtinRuleGroups();
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.map(({ name, labels, annotations }) => [name, labels['severity'], annotations['cooldown']])).toEqual([
    ['high_error_rate', 'critical', '5m'],
    ['high_response_time', 'warning', '10m'],
    ['high_memory_usage', 'warning', '15m'],
    ['db_pool_exhausted', 'critical', '1m'],
  ]);
  for (const { expression } of rules) expect(() => parseExpression(expression)).not.toThrow();
  expect(checkRuleContents({ file: 'builtin-rules.yml', groups }, BUILTIN_RULES)).toEqual([]);
});
