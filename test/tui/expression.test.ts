import { describe, expect, it } from 'vitest';
import { completionContext, firstMetric, ranked } from '../../src/tui/expression/complete.ts';
import { expressionRow, expressionTones } from '../../src/tui/expression/highlight.ts';
import { thresholdOf } from '../../src/tui/expression/threshold.ts';
import { unitOfExpression } from '../../src/tui/expression/unit.ts';
import { toText } from '../../src/tui/frame/row.ts';

describe('thresholdOf', () => {
  it.each([
    ['a > 0.05', 'a', '>', 0.05],
    ['rate(a{b=~"5.."}[5m]) / rate(a[5m]) > 0.05', 'rate(a{b=~"5.."}[5m]) / rate(a[5m])', '>', 0.05],
    [
      '(process_resident_memory_bytes / 1024 / 1024) > 1000',
      '(process_resident_memory_bytes / 1024 / 1024)',
      '>',
      1000,
    ],
    ['5 <= a', 'a', '>=', 5],
    ['(a < -1.5)', 'a', '<', -1.5],
    ['up == bool 0', 'up', '==', 0],
    ['a > 2 * 1024 ^ 2', 'a', '>', 2 * 1024 ** 2],
    ['a > 1h30m', 'a', '>', 5400],
    ['a > 0x10', 'a', '>', 16],
    ['a > 5 and on (x) b > 1', 'a', '>', 5],
    ['a != -Inf', 'a', '!=', Number.NEGATIVE_INFINITY],
  ])('%s', (text, expression, operator, value) => {
    expect(thresholdOf(text)).toEqual({ expression, operator, value });
  });

  it.each(['a', 'a > b', 'absent(up)', 'a + 5', '', 'a >'])('has none for %s', (text) => {
    expect(thresholdOf(text)).toBeUndefined();
  });
});

describe('unitOfExpression', () => {
  it.each([
    ['rate(http_requests_total[5m])', 'per-second'],
    ['rate(a_total{x="1 / 2"}[5m]) / rate(b_total[5m])', 'ratio'],
    ['histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))', 'seconds'],
    ['process_resident_memory_bytes', 'bytes'],
    ['process_resident_memory_bytes / 1024 / 1024', 'MiB'],
    ['(process_resident_memory_bytes / 1024 ^ 3)', 'GiB'],
    ['process_resident_memory_bytes / 1000', 'none'],
    ['rate(node_network_receive_bytes_total[1m])', 'bytes/s'],
    ['nodejs_eventloop_lag_seconds', 'seconds'],
    ['rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])', 'seconds'],
    ['up', 'none'],
  ])('%s is in %s', (text, unit) => {
    expect(unitOfExpression(text)).toBe(unit);
  });
});

describe('highlighting', () => {
  it('changes no character, finished or not', () => {
    for (const text of ['sum by (job) (rate(a{b="c"}[5m]))', 'rate(foo{', '', '%%%', 'a{b="漢字"} > 1']) {
      expect(toText(expressionRow(text))).toBe(text);
      expect(expressionTones(text)).toHaveLength(text.length);
    }
  });

  it('tells functions, labels, strings and numbers apart', () => {
    const tones = expressionTones('rate(a{b="c"}[5m])');
    expect([tones[0], tones[7], tones[9], tones[14]]).toEqual(['info', 'warning', 'ok', 'series2']);
  });
});

describe('completion', () => {
  const at = (text: string) => completionContext(text.replace('|', ''), text.indexOf('|'));

  it('knows what can stand at the cursor', () => {
    expect(at('sum(ra|')).toEqual({ kind: 'expression', from: 4, typed: 'ra' });
    expect(at('up{jo|}')).toEqual({ kind: 'label', from: 3, typed: 'jo', metric: 'up' });
    expect(at('up{job="sh|"}')).toEqual({ kind: 'value', from: 8, typed: 'sh', metric: 'up', label: 'job' });
    expect(at('up{a="}", job=~"s|')).toMatchObject({ kind: 'value', label: 'job' });
    expect(at('sum by (se|) (up)')).toMatchObject({ kind: 'label', typed: 'se', metric: 'up' });
    expect(at('rate(up[5|').kind).toBe('none');
    expect(at('up > 1|').kind).toBe('none');
  });

  it('finds the metric that an expression is about', () => {
    expect(firstMetric('sum(rate(http_requests_total[5m]))')).toBe('http_requests_total');
    expect(firstMetric('1 + 1')).toBe('');
  });

  it('puts what begins with the typed text first', () => {
    expect(ranked(['grate', 'rate', 'irate', 'sum'], 'rat', 5)).toEqual(['rate', 'grate', 'irate']);
  });
});
