/** How often each kind of integration was to notify, tried to and failed, and which alerts came in: what Alertmanager counts of itself. */

/** Alertmanager's words for why a notification failed. */
export const FAILURE_REASONS = [
  'authError',
  'clientError',
  'contextCanceled',
  'contextDeadlineExceeded',
  'other',
  'rateLimited',
  'serverError',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The upper bounds of the classes of latency, in seconds; the last class has none. */
export const LATENCY_BOUNDS = [1, 5, 10, 15, 20] as const;

export interface IntegrationCounts {
  /** Flushes of a group that had to be told of, however many tries one took. */
  readonly notifications: number;
  readonly failed: Readonly<Record<FailureReason, number>>;
  /** Single tries. */
  readonly requests: number;
  readonly requestsFailed: number;
  /** Tries by how long they took, one class for each of LATENCY_BOUNDS and one for longer; not cumulative. */
  readonly latencies: readonly number[];
  readonly latencySeconds: number;
}

type Writable = { -readonly [K in keyof IntegrationCounts]: IntegrationCounts[K] } & {
  readonly failed: Record<FailureReason, number>;
  readonly latencies: number[];
};

export class NotificationCounts {
  /** Alerts taken in, by rules or over the API. */
  readonly received = { firing: 0, resolved: 0 };
  readonly #byKind = new Map<string, Writable>();

  /** By kind of integration, e.g. `slack`: those that notified, and those that were named with `add`. */
  byKind(): ReadonlyMap<string, IntegrationCounts> {
    return this.#byKind;
  }

  /** Makes integrations known that have not notified yet: a counter has to be 0 before it can rise. */
  add(integrations: Iterable<string>): void {
    for (const integration of integrations) this.#of(kindOf(integration));
  }

  attempted(integration: string, ok: boolean, durationMs: number): void {
    const counts = this.#of(kindOf(integration));
    counts.requests++;
    if (!ok) counts.requestsFailed++;
    const seconds = durationMs / 1000;
    const at = LATENCY_BOUNDS.findIndex((bound) => seconds <= bound);
    counts.latencies[at < 0 ? LATENCY_BOUNDS.length : at]!++;
    counts.latencySeconds += seconds;
  }

  /** A flush is to be told of. */
  began(integration: string): void {
    this.#of(kindOf(integration)).notifications++;
  }

  /** All tries for a flush have failed. */
  failed(integration: string, reason: FailureReason): void {
    this.#of(kindOf(integration)).failed[reason]++;
  }

  #of(kind: string): Writable {
    let counts = this.#byKind.get(kind);
    if (counts === undefined) {
      counts = {
        notifications: 0,
        failed: Object.fromEntries(FAILURE_REASONS.map((reason) => [reason, 0])) as Record<FailureReason, number>,
        requests: 0,
        requestsFailed: 0,
        latencies: [...LATENCY_BOUNDS, 0].map(() => 0),
        latencySeconds: 0,
      };
      this.#byKind.set(kind, counts);
    }
    return counts;
  }
}

/** By the status that a service answered, undefined where there was no answer. */
export function failureReason(status: number | undefined): FailureReason {
  if (status === 401 || status === 403) return 'authError';
  if (status === 429) return 'rateLimited';
  if (status !== undefined && status >= 400 && status < 500) return 'clientError';
  return status !== undefined && status >= 500 ? 'serverError' : 'other';
}

/** `slack[0]` is a `slack`. */
function kindOf(integration: string): string {
  return integration.replace(/\[\d+\]$/, '');
}
