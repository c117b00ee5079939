/** An engine whose answers a test sets by hand, a storage that keeps what is written, and a place that keeps sent alerts. */
import { Labels } from '../../src/labels/labels.ts';
import type { InstantSample, QueryEngine, QueryResult } from '../../src/promql/result.ts';
import { QueryError } from '../../src/promql/result.ts';
import type { AlertReceiver, SentAlert } from '../../src/rules/state.ts';
import type { Appendable, Appender } from '../../src/storage/appender.ts';
import type { Queryable } from '../../src/storage/queryable.ts';

export class FakeEngine implements QueryEngine {
  /** By expression: samples as [labels, value], or an error. */
  readonly answers = new Map<string, readonly (readonly [Record<string, string>, number])[] | Error>();
  readonly asked: { readonly expression: string; readonly timeMs: number }[] = [];

  query(expression: string, { timeMs }: { readonly timeMs: number }): Promise<QueryResult> {
    this.asked.push({ expression, timeMs });
    const answer = this.answers.get(expression) ?? [];
    if (answer instanceof Error) return Promise.reject(answer);
    const samples: InstantSample[] = answer.map(([labels, value]) => ({ labels: Labels.of(labels), value }));
    const value = { type: 'vector', timestampMs: timeMs, samples } as const;
    return Promise.resolve({ value, warnings: [], infos: [], samplesRead: 0 });
  }

  queryRange(): Promise<QueryResult> {
    return Promise.reject(new QueryError('internal', 'no range queries here'));
  }
}

/** Lines `SERIES TIME VALUE`, `stale` as value of a marker. */
export class FakeStorage implements Appendable, Queryable {
  readonly lines: string[] = [];
  readonly #series: Labels[] = [];
  readonly #samples: { readonly ref: number; readonly timeMs: number; readonly value: number | 'stale' }[] = [];

  appender(): Appender {
    const write = (ref: number, timeMs: number, value: number | 'stale'): 'appended' => {
      this.#samples.push({ ref, timeMs, value });
      this.lines.push(`${this.#series[ref]!.toSelector()} ${timeMs / 1000} ${value}`);
      return 'appended';
    };
    return {
      series: (labels) => this.#refOf(labels),
      labels: (ref) => this.#series[ref],
      float: (ref, timeMs, value) => write(ref, timeMs, value),
      histogram: (ref, timeMs) => write(ref, timeMs, Number.NaN),
      stale: (ref, timeMs) => write(ref, timeMs, 'stale'),
      exemplar: () => {},
      metadata: () => {},
      commit: () => {},
      rollback: () => {},
    };
  }

  select(matchers: Parameters<Queryable['select']>[0]): ReturnType<Queryable['select']> {
    return this.#series.flatMap((labels, ref) => {
      if (!matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))) return [];
      const read: ReturnType<Queryable['select']>[number]['read'] = (startMs, endMs, into) => {
        into.clear();
        for (const sample of this.#samples) {
          if (sample.ref !== ref || sample.timeMs < startMs || sample.timeMs > endMs) continue;
          if (sample.value === 'stale') into.pushStale(sample.timeMs);
          else into.pushFloat(sample.timeMs, sample.value);
        }
      };
      return [{ labels, read }];
    });
  }

  /** What was written since the last call. */
  take(): string[] {
    return this.lines.splice(0);
  }

  #refOf(labels: Labels): number {
    const known = this.#series.findIndex((each) => each.equals(labels));
    return known >= 0 ? known : this.#series.push(labels) - 1;
  }
}

export class FakeReceiver implements AlertReceiver {
  readonly #sent: SentAlert[] = [];

  receive(alerts: readonly SentAlert[]): void {
    this.#sent.push(...alerts);
  }

  take(): SentAlert[] {
    return this.#sent.splice(0);
  }
}
