/** The four threshold alerts that watch a Node application without any rule file, and how long each keeps quiet after it was sent. */

import type { RuleGroupConfig } from '../config/rule-file.ts';
import { loadRuleFile } from '../config/rule-file-loader.ts';

/** The rules as a Prometheus rule file, so that they can be printed, copied and changed. */
export const BUILTIN_RULES = `groups:
  - name: watchfire-builtin
    rules:
      - alert: high_error_rate
        expr: |
          sum by (job, instance) (rate(http_requests_total{status_code=~"5.."}[5m]))
            / sum by (job, instance) (rate(http_requests_total[5m])) > 0.05
        labels:
          severity: critical
        annotations:
          summary: The error rate of {{ $labels.job }} is too high
          description: "{{ $value | humanizePercentage }} of the requests to {{ $labels.instance }} fail (more than 5%)"
          cooldown: 5m
      - alert: high_response_time
        expr: |
          sum by (job, instance) (rate(http_request_duration_seconds_sum[5m]))
            / sum by (job, instance) (rate(http_request_duration_seconds_count[5m])) > 2
        labels:
          severity: warning
        annotations:
          summary: The response time of {{ $labels.job }} is too high
          description: "A request to {{ $labels.instance }} takes {{ $value | humanizeDuration }} on average (more than 2s)"
          cooldown: 10m
      - alert: high_memory_usage
        expr: nodejs_heap_size_used_bytes / nodejs_heap_size_total_bytes > 0.9
        for: 2m
        labels:
          severity: warning
        annotations:
          summary: The memory usage of {{ $labels.job }} is too high
          description: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its heap (more than 90%)"
          cooldown: 15m
      - alert: db_pool_exhausted
        expr: db_connection_pool_size{state="waiting"} > 0
        labels:
          severity: critical
        annotations:
          summary: The database connection pool of {{ $labels.job }} is exhausted
          description: "{{ $value }} requests wait for a connection in {{ $labels.instance }}"
          cooldown: 1m
`;

/** Where a problem in them would be reported, and the file that the API names. */
const FILE = 'builtin-rules.yml';

export function builtinRuleGroups(): readonly RuleGroupConfig[] {
  const files = { readFile: () => BUILTIN_RULES, glob: () => [] };
  return loadRuleFile(FILE, { files }).value.groups;
}
