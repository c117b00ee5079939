/** A Monitor on one thread, used from another: calls, cancellation, streams with back-pressure, and source states pushed as they change. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { decode, decodeError, encode, encodeError, type WireError } from './codec.ts';
import type {
  AlertSource,
  LogSource,
  MetricSource,
  Monitor,
  MonitorEvent,
  Source,
  SourceState,
  TraceSource,
} from './sources.ts';

const SOURCES = ['metrics', 'alerts', 'logs', 'traces'] as const;
type SourceName = (typeof SOURCES)[number];
type States = Record<SourceName, SourceState>;

/** How often the serving side looks whether a state or an event is new. */
const STATE_PUSH_MS = 500;

type ToServer =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly source: SourceName | 'monitor';
      readonly method: string;
      readonly args: unknown;
      readonly stream: boolean;
    }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'next'; readonly id: number };

type ToClient =
  | { readonly kind: 'ready'; readonly name: string; readonly states: States; readonly events: readonly MonitorEvent[] }
  | { readonly kind: 'fault'; readonly error: WireError }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'item'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'states'; readonly states: States; readonly events: readonly MonitorEvent[] }
  | { readonly kind: 'terminal'; readonly text: string };

/** A worker's `parentPort`, or the Worker seen from its parent. */
export type Port = MessagePort | Worker;

/** Says to the other side that no monitor will come. */
export function refuseMonitor(port: Port, error: unknown): void {
  port.postMessage({ kind: 'fault', error: encodeError(error) } satisfies ToClient);
}

/** Passes text that must reach the terminal itself (a bell, an OSC notification) to the thread that draws. */
export function sendTerminalText(port: Port, text: string): void {
  port.postMessage({ kind: 'terminal', text } satisfies ToClient);
}

/** Answers the other side's calls until the monitor is closed. */
export function serveMonitor(port: Port, monitor: Monitor): void {
  const running = new Map<number, { readonly abort: AbortController; next: (() => void) | undefined }>();
  const post = (message: ToClient, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  let last = '';
  const push = (): void => {
    const states = statesOf(monitor);
    const events = monitor.events();
    const now = JSON.stringify([states, events.length, events.at(-1)]);
    if (now === last) return;
    last = now;
    post({ kind: 'states', states, events });
  };
  const timer = setInterval(push, STATE_PUSH_MS);
  timer.unref();

  const run = async (message: ToServer & { kind: 'call' }): Promise<void> => {
    const abort = new AbortController();
    const call = { abort, next: undefined as (() => void) | undefined };
    running.set(message.id, call);
    try {
      const target: object = message.source === 'monitor' ? monitor : monitor[message.source];
      const method: unknown = Reflect.get(target, message.method);
      if (typeof method !== 'function') throw new Error(`no method ${message.source}.${message.method}`);
      const answer: unknown = Reflect.apply(method, target, decode(message.args, abort.signal) as unknown[]);
      if (message.stream) {
        for await (const item of answer as AsyncIterable<unknown>) {
          const acknowledged = new Promise<void>((resolve) => {
            call.next = resolve;
            abort.signal.addEventListener('abort', () => resolve(), { once: true });
          });
          const encoded = encode(item);
          post({ kind: 'item', id: message.id, value: encoded.value }, encoded.transfer);
          await acknowledged;
          if (abort.signal.aborted) break;
        }
        post({ kind: 'result', id: message.id, value: undefined });
      } else {
        const encoded = encode(await answer);
        post({ kind: 'result', id: message.id, value: encoded.value }, encoded.transfer);
      }
      if (message.source === 'monitor' && message.method === 'close') clearInterval(timer);
    } catch (error) {
      post({ kind: 'error', id: message.id, error: encodeError(error) });
    } finally {
      running.delete(message.id);
    }
  };

  port.on('message', (message: ToServer) => {
    if (message.kind === 'call') void run(message);
    else if (message.kind === 'abort') running.get(message.id)?.abort.abort();
    else running.get(message.id)?.next?.();
  });
  post({ kind: 'ready', name: monitor.name, states: statesOf(monitor), events: monitor.events() });
}

export interface WireOptions {
  /** Receives text for the terminal itself. */
  readonly onTerminalText?: ((text: string) => void) | undefined;
}

/** The monitor that the other side serves. Rejects with the error that it refused with. */
export function connectMonitor(port: Port, options: WireOptions = {}): Promise<Monitor> {
  return new Promise((resolve, reject) => {
    const connection = new Connection(port);
    port.on('message', (message: ToClient) => {
      if (message.kind === 'ready') {
        connection.states = message.states;
        connection.events = message.events;
        resolve(connection.monitor(message.name));
      } else if (message.kind === 'fault') reject(decodeError(message.error));
      else if (message.kind === 'terminal') options.onTerminalText?.(message.text);
      else connection.receive(message);
    });
  });
}

interface Pending {
  settle(value: unknown): void;
  fail(error: Error): void;
  item?(value: unknown): void;
}

class Connection {
  states!: States;
  events: readonly MonitorEvent[] = [];
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  /** Takes a call's listener off its signal, which may outlive many calls. */
  readonly #forgetSignal = new Map<number, () => void>();
  #lastId = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  receive(message: Exclude<ToClient, { kind: 'ready' | 'fault' | 'terminal' }>): void {
    if (message.kind === 'states') {
      this.states = message.states;
      this.events = message.events;
      return;
    }
    const pending = this.#pending.get(message.id);
    if (message.kind === 'item') {
      pending?.item?.(decode(message.value));
      return;
    }
    this.#pending.delete(message.id);
    this.#forgetSignal.get(message.id)?.();
    this.#forgetSignal.delete(message.id);
    if (message.kind === 'error') pending?.fail(decodeError(message.error));
    else pending?.settle(decode(message.value));
  }

  call<T>(source: SourceName | 'monitor', method: string, args: readonly unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#lastId;
      this.#pending.set(id, { settle: (value) => resolve(value as T), fail: reject });
      this.#send(id, source, method, args, false);
    });
  }

  async *stream<T>(source: SourceName, method: string, args: readonly unknown[]): AsyncIterable<T> {
    const id = ++this.#lastId;
    const waiting: T[] = [];
    let ended = false;
    let failure: Error | undefined;
    let wake: (() => void) | undefined;
    this.#pending.set(id, {
      settle: () => {
        ended = true;
        wake?.();
      },
      fail: (error) => {
        ended = true;
        failure = error;
        wake?.();
      },
      item: (value) => {
        waiting.push(value as T);
        wake?.();
      },
    });
    this.#send(id, source, method, args, true);
    try {
      for (;;) {
        const item = waiting.shift();
        if (item !== undefined) {
          this.#port.postMessage({ kind: 'next', id } satisfies ToServer);
          yield item;
        } else if (ended) {
          if (failure) throw failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      if (!ended) this.#port.postMessage({ kind: 'abort', id } satisfies ToServer);
    }
  }

  #send(id: number, source: SourceName | 'monitor', method: string, args: readonly unknown[], stream: boolean): void {
    const encoded = encode(args);
    const abort = (): void => {
      this.#port.postMessage({ kind: 'abort', id } satisfies ToServer);
    };
    this.#port.postMessage(
      { kind: 'call', id, source, method, args: encoded.value, stream } satisfies ToServer,
      encoded.transfer,
    );
    const { signal } = encoded;
    if (signal === undefined) return;
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#forgetSignal.set(id, () => signal.removeEventListener('abort', abort));
  }

  monitor(name: string): Monitor {
    const source = (which: SourceName): Source => ({
      state: () => this.states[which],
      close: () => this.call(which, 'close', []),
    });
    const metrics: MetricSource = {
      ...source('metrics'),
      query: (...args) => this.call('metrics', 'query', args),
      queryRange: (...args) => this.call('metrics', 'queryRange', args),
      series: (...args) => this.call('metrics', 'series', args),
      labelNames: (...args) => this.call('metrics', 'labelNames', args),
      labelValues: (...args) => this.call('metrics', 'labelValues', args),
      metadata: (...args) => this.call('metrics', 'metadata', args),
      targetMetadata: (...args) => this.call('metrics', 'targetMetadata', args),
      exemplars: (...args) => this.call('metrics', 'exemplars', args),
      targets: (...args) => this.call('metrics', 'targets', args),
      storageStatus: (...args) => this.call('metrics', 'storageStatus', args),
    };
    const alerts: AlertSource = {
      ...source('alerts'),
      ruleGroups: (...args) => this.call('alerts', 'ruleGroups', args),
      alerts: (...args) => this.call('alerts', 'alerts', args),
      alertGroups: (...args) => this.call('alerts', 'alertGroups', args),
      postAlerts: (...args) => this.call('alerts', 'postAlerts', args),
      silences: (...args) => this.call('alerts', 'silences', args),
      silence: (...args) => this.call('alerts', 'silence', args),
      setSilence: (...args) => this.call('alerts', 'setSilence', args),
      expireSilence: (...args) => this.call('alerts', 'expireSilence', args),
      notifications: (...args) => this.call('alerts', 'notifications', args),
      notifierStatus: (...args) => this.call('alerts', 'notifierStatus', args),
      explain: (...args) => this.call('alerts', 'explain', args),
    };
    const logs: LogSource = {
      ...source('logs'),
      search: (...args) => this.call('logs', 'search', args),
      tail: (...args) => this.stream('logs', 'tail', args),
      services: (...args) => this.call('logs', 'services', args),
    };
    const traces: TraceSource = {
      ...source('traces'),
      search: (...args) => this.call('traces', 'search', args),
      trace: (...args) => this.call('traces', 'trace', args),
      services: (...args) => this.call('traces', 'services', args),
      operations: (...args) => this.call('traces', 'operations', args),
    };
    return {
      name,
      metrics,
      alerts,
      logs,
      traces,
      events: () => this.events,
      reload: () => this.call('monitor', 'reload', []),
      close: () => this.call('monitor', 'close', []),
    };
  }
}

function statesOf(monitor: Monitor): States {
  return {
    metrics: monitor.metrics.state(),
    alerts: monitor.alerts.state(),
    logs: monitor.logs.state(),
    traces: monitor.traces.state(),
  };
}
