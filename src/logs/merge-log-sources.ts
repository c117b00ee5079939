/** Several log sources as one: searched together, followed together, each failing for itself. */
import type { LogRecord } from './record.ts';
import type { LogReader } from './source.ts';
import type { SourceHealthState } from './source-health.ts';

const WORST_FIRST = ['failing', 'stale', 'slow', 'live', 'off'] as const;

/** With one source it is that source; with none it is off. A source that fails takes nothing from the others. */
export function mergeLogSources(sources: readonly LogReader[]): LogReader {
  if (sources.length === 1) return sources[0]!;
  return {
    state: () => worstOf(sources.map((source) => source.state())),
    async close() {
      await Promise.all(sources.map((source) => source.close()));
    },
    async search(query, signal) {
      const found = await eachThatAnswers(sources.map((source) => source.search(query, signal)));
      const all = found.flat().sort((a, b) => a.timestampMs - b.timestampMs);
      return all.slice(Math.max(0, all.length - query.limit));
    },
    tail: (query, signal) => interleave(sources, (source, own) => source.tail(query, own), signal),
    async services(signal) {
      const found = await eachThatAnswers(sources.map((source) => source.services(signal)));
      return [...new Set(found.flat())].sort();
    },
  };
}

function worstOf(states: readonly SourceHealthState[]): SourceHealthState {
  if (states.length === 0) return { kind: 'off', endpoint: '', sinceMs: 0, reason: 'no logs are configured' };
  const kind = WORST_FIRST.find((each) => states.some((state) => state.kind === each))!;
  const worst = states.filter((state) => state.kind === kind);
  const reasons = worst.map((state) => state.reason).filter((reason) => reason !== undefined);
  return {
    ...worst[0]!,
    endpoint: states.map((state) => state.endpoint).join(', '),
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
  };
}

/** The answers of those that answer; rejects with the first reason where none does. */
async function eachThatAnswers<T>(answers: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(answers);
  const found = settled.filter((each) => each.status === 'fulfilled').map((each) => each.value);
  const failed = settled.find((each) => each.status === 'rejected');
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found;
}

/** Batches of all as they come. A source whose tail ends or fails is left out from then on. */
async function* interleave(
  sources: readonly LogReader[],
  open: (source: LogReader, signal: AbortSignal) => AsyncIterable<readonly LogRecord[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly LogRecord[], void, undefined> {
  // Its own signal, so that leaving the loop ends the sources' tails as well.
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const waiting = new Map<AsyncIterator<readonly LogRecord[]>, Promise<Next>>();
  const ask = (iterator: AsyncIterator<readonly LogRecord[]>): void => {
    waiting.set(
      iterator,
      iterator.next().then(
        (result) => ({ iterator, result }),
        () => ({ iterator, result: { done: true, value: undefined } }),
      ),
    );
  };
  for (const source of sources) ask(open(source, both)[Symbol.asyncIterator]());
  try {
    while (waiting.size > 0) {
      const { iterator, result } = await Promise.race(waiting.values());
      if (result.done) waiting.delete(iterator);
      else {
        ask(iterator);
        yield result.value;
      }
    }
  } finally {
    own.abort();
  }
}

interface Next {
  readonly iterator: AsyncIterator<readonly LogRecord[]>;
  readonly result: IteratorResult<readonly LogRecord[]>;
}
