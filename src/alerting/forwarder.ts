/** Forwards alerts to real Alertmanagers as Prometheus' notifier does: batches to all of them, a bounded queue each, nothing sent twice. */
import type { Clock } from '../config/clock.ts';
import type { HttpClient } from '../http/client.ts';
import type { Labels } from '../labels/labels.ts';
import type { AlertSink, PostableAlert } from './model.ts';
import type { Report } from './state-directory.ts';

export interface ForwardTarget {
  /** The whole address, `http://host:9093/api/v2/alerts`. */
  readonly url: string;
  readonly http: HttpClient;
  readonly timeoutMs: number;
  /** That Alertmanager's own `alert_relabel_configs`; undefined drops the alert. */
  relabel(labels: Labels): Labels | undefined;
}

export interface AlertForwarderOptions {
  /** The Alertmanagers of this moment; asked for at each `receive`. */
  readonly targets: () => readonly ForwardTarget[];
  readonly clock: Clock;
  readonly report: Report;
  /** Alerts that may wait for one Alertmanager: 10,000 where not given. */
  readonly capacity?: number | undefined;
  /** Alerts in one request: 64 where not given. */
  readonly batchSize?: number | undefined;
}

export interface ForwarderStats {
  readonly sent: number;
  /** Not delivered: the request failed, or the queue was full. */
  readonly dropped: number;
  readonly queued: number;
  readonly capacity: number;
  readonly targets: readonly TargetStats[];
}

export interface TargetStats {
  readonly url: string;
  readonly sent: number;
  readonly dropped: number;
  /** Requests that failed. */
  readonly errors: number;
  readonly queued: number;
  readonly lastLatencySeconds: number;
  /** Empty where the last request succeeded. */
  readonly lastError: string;
}

const DEFAULT_CAPACITY = 10_000;
const DEFAULT_BATCH = 64;

export class AlertForwarder implements AlertSink {
  readonly #options: AlertForwarderOptions;
  readonly #queues = new Map<string, TargetQueue>();
  /** Of Alertmanagers that are gone. */
  #pastSent = 0;
  #pastDropped = 0;

  constructor(options: AlertForwarderOptions) {
    this.#options = options;
  }

  receive(alerts: readonly PostableAlert[]): void {
    if (alerts.length === 0) return;
    const targets = this.#options.targets();
    this.#forgetAllBut(new Set(targets.map(({ url }) => url)));
    for (const target of targets) {
      let queue = this.#queues.get(target.url);
      if (queue === undefined) {
        queue = new TargetQueue(this.#options);
        this.#queues.set(target.url, queue);
      }
      queue.add(target, alerts);
    }
  }

  stats(): ForwarderStats {
    const targets = [...this.#queues.values()].map((queue) => queue.stats());
    const sum = (of: (stats: TargetStats) => number): number => targets.reduce((total, each) => total + of(each), 0);
    return {
      sent: this.#pastSent + sum(({ sent }) => sent),
      dropped: this.#pastDropped + sum(({ dropped }) => dropped),
      queued: sum(({ queued }) => queued),
      capacity: this.#options.capacity ?? DEFAULT_CAPACITY,
      targets,
    };
  }

  /** Sends what waits, as Prometheus drains its queue when it is shut down; the requests' time limits bound it. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.drained()));
  }

  #forgetAllBut(urls: ReadonlySet<string>): void {
    for (const [url, queue] of this.#queues) {
      if (urls.has(url)) continue;
      const { sent, dropped, queued } = queue.stats();
      this.#pastSent += sent;
      this.#pastDropped += dropped + queued;
      queue.clear();
      this.#queues.delete(url);
    }
  }
}

/** What waits for one Alertmanager: a slow or dead one does not hold up the others. */
class TargetQueue {
  readonly #options: AlertForwarderOptions;
  #target: ForwardTarget | undefined;
  #waiting: PostableAlert[] = [];
  #sending: Promise<void> | undefined;
  #sent = 0;
  #dropped = 0;
  #errors = 0;
  #lastLatencySeconds = 0;
  #lastError = '';

  constructor(options: AlertForwarderOptions) {
    this.#options = options;
  }

  add(target: ForwardTarget, alerts: readonly PostableAlert[]): void {
    this.#target = target;
    for (const alert of alerts) {
      const labels = target.relabel(alert.labels);
      if (labels !== undefined) this.#waiting.push(labels === alert.labels ? alert : { ...alert, labels });
    }
    const excess = this.#waiting.length - (this.#options.capacity ?? DEFAULT_CAPACITY);
    if (excess > 0) {
      // The newest say the most; the rules send what still fires again.
      this.#waiting.splice(0, excess);
      this.#dropped += excess;
      this.#options.report('error', `${where(target)}: ${excess} alerts were dropped because too many wait for it`);
    }
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  stats(): TargetStats {
    return {
      url: this.#target === undefined ? '' : where(this.#target),
      sent: this.#sent,
      dropped: this.#dropped,
      errors: this.#errors,
      queued: this.#waiting.length,
      lastLatencySeconds: this.#lastLatencySeconds,
      lastError: this.#lastError,
    };
  }

  clear(): void {
    this.#waiting = [];
  }

  async drained(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    // Alerts of one evaluation, handed over group by group, go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.batchSize ?? DEFAULT_BATCH);
      await this.#send(this.#target!, batch);
    }
  }

  async #send(target: ForwardTarget, batch: readonly PostableAlert[]): Promise<void> {
    const { clock, report } = this.#options;
    const startedMs = clock.nowMs();
    const error = await post(target, batch, startedMs);
    this.#lastLatencySeconds = (clock.nowMs() - startedMs) / 1000;
    if (error === '') {
      this.#sent += batch.length;
      if (this.#lastError !== '') report('info', `${where(target)}: takes alerts again`);
    } else {
      this.#errors++;
      this.#dropped += batch.length;
      if (this.#lastError === '') {
        report(
          'error',
          `${where(target)}: ${batch.length} alerts could not be sent: ${error}; alerts that still fire are sent again`,
        );
      }
    }
    this.#lastError = error;
  }
}

/** The empty string where they were taken. */
async function post(target: ForwardTarget, batch: readonly PostableAlert[], nowMs: number): Promise<string> {
  try {
    const { status } = await target.http.request({
      method: 'POST',
      url: target.url,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(batch.map((alert) => alertJson(alert, nowMs))),
      timeoutMs: target.timeoutMs,
    });
    return status >= 200 && status < 300 ? '' : `bad response status ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function alertJson(alert: PostableAlert, nowMs: number): unknown {
  return {
    annotations: alert.annotations.toRecord(),
    ...(alert.endsAtMs === undefined ? {} : { endsAt: new Date(alert.endsAtMs).toISOString() }),
    startsAt: new Date(alert.startsAtMs ?? nowMs).toISOString(),
    ...(alert.generatorUrl === '' ? {} : { generatorURL: alert.generatorUrl }),
    labels: alert.labels.toRecord(),
  };
}

/** The address without credentials and query. */
function where(target: ForwardTarget): string {
  const { protocol, host, pathname } = new URL(target.url);
  return `${protocol}//${host}${pathname}`;
}
