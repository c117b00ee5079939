/** Which of the metrics there are tell rate, errors and duration of requests, by the names that conventions and libraries give them. */

// The most usual names first.
const REQUEST_COUNTERS = [
  /^http_requests_total$/,
  /^http_server_requests?_total$/,
  /http_requests?_total$/,
  /(^|_)requests_total$/,
  /_requests?_count$/,
];
const LATENCIES = [
  /^http_request_duration_seconds_bucket$/,
  /^http_server_request_duration_seconds_bucket$/,
  /request.*duration.*seconds_bucket$/,
  /duration_seconds_bucket$/,
];
const STATUS_LABELS = ['status_code', 'status', 'code', 'http_status_code', 'http_response_status_code'];

/** Labels that name a service in metrics, the best first. */
export const SERVICE_LABELS: readonly string[] = ['service', 'service_name', 'app', 'job'];

export function requestCounter(names: readonly string[]): string | undefined {
  return best(names, REQUEST_COUNTERS);
}

export function latencyBuckets(names: readonly string[]): string | undefined {
  return best(names, LATENCIES);
}

export function statusLabel(labels: readonly string[]): string | undefined {
  return STATUS_LABELS.find((label) => labels.includes(label));
}

function best(names: readonly string[], patterns: readonly RegExp[]): string | undefined {
  for (const pattern of patterns) {
    const found = names.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}
