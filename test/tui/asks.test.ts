import { expect, it } from 'vitest';
import { Asks } from '../../src/tui/frame/asks.ts';

interface Parts {
  readonly fast: number;
  readonly slow: number;
  readonly broken: number;
}

const never = new AbortController().signal;

function asked() {
  const slow = Promise.withResolvers<number>();
  const calls = { fast: 0, slow: 0, broken: 0 };
  const signals: AbortSignal[] = [];
  let landed = 0;
  const asks = new Asks<Parts>(20, () => landed++);
  const each = {
    fast: async () => ++calls.fast,
    slow: (signal: AbortSignal) => {
      calls.slow++;
      signals.push(signal);
      return slow.promise;
    },
    broken: async () => {
      calls.broken++;
      throw new Error('connection refused');
    },
  };
  return { asks, each, slow, calls, signals, landed: () => landed };
}

it('does not wait for a slow source, and asks it no second time meanwhile', async () => {
  const { asks, each, slow, calls, landed } = asked();
  await asks.ask('now', each, never);
  expect(asks.answers).toEqual({ fast: { value: 1 }, broken: { error: 'connection refused' } });
  await asks.ask('now', each, never);
  expect(calls).toEqual({ fast: 2, slow: 1, broken: 2 });
  slow.resolve(7);
  await expect.poll(() => asks.answers.slow).toEqual({ value: 7 });
  expect(landed()).toBe(5);
});

it('gives up what is asked about a time that nobody looks at any more', async () => {
  const { asks, each, slow, calls, signals } = asked();
  await asks.ask('then', each, never);
  await asks.ask('now', each, never);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  expect(calls.slow).toBe(2);
  const controller = new AbortController();
  const asking = asks.ask('now', each, controller.signal);
  controller.abort();
  await asking;
  expect(signals[1]!.aborted).toBe(true);
  slow.resolve(7);
  await slow.promise;
  expect(asks.answers.slow).toBeUndefined();
});
