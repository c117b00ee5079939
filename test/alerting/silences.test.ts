import { describe, expect, it } from 'vitest';
import type { PostableSilence } from '../../src/alerting/model.ts';
import { type SilenceLimits, Silences } from '../../src/alerting/silences.ts';
import { StateDirectory } from '../../src/alerting/state-directory.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { MemoryFiles } from './memory-files.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;

function setUp(limits: SilenceLimits = { maxSilences: 0, maxSilenceBytes: 0 }) {
  const clock = new ManualClock(START);
  const state = new StateDirectory({ path: undefined, fileSystem: new MemoryFiles(), clock, report: () => {} });
  let ids = 0;
  const silences = new Silences({ clock, state, newId: () => `id${++ids}`, retentionMs: 24 * HOUR, limits });
  return { clock, silences };
}

function silence(more: Partial<PostableSilence> = {}): PostableSilence {
  return {
    matchers: [new Matcher('=', 'alertname', 'A')],
    startsAtMs: START,
    endsAtMs: START + HOUR,
    createdBy: 'me',
    comment: 'c',
    ...more,
  };
}

describe('changing a silence', () => {
  it('keeps the id of an active one whose end moves, and of a pending one whose times move', async () => {
    const { silences } = setUp();
    const active = await silences.set(silence());
    expect(await silences.set(silence({ id: active, endsAtMs: START + 5 * HOUR, comment: 'longer' }))).toBe(active);
    expect(silences.get(active)).toMatchObject({ endsAtMs: START + 5 * HOUR, comment: 'longer', state: 'active' });
    const pending = await silences.set(silence({ startsAtMs: START + HOUR, endsAtMs: START + 2 * HOUR }));
    const moved = silence({ id: pending, startsAtMs: START + 2 * HOUR, endsAtMs: START + 3 * HOUR });
    expect(await silences.set(moved)).toBe(pending);
  });

  it.each([
    ['its matchers', { matchers: [new Matcher('=', 'alertname', 'B')] }],
    ['the start of an active one', { startsAtMs: START + 2_000 }],
  ])('makes a new one where %s change, and expires the old', async (_, change) => {
    const { silences, clock } = setUp();
    const old = await silences.set(silence());
    await clock.advance(1_000);
    const replaced = await silences.set(silence({ id: old, ...change }));
    expect(replaced).not.toBe(old);
    expect(silences.get(old)!.state).toBe('expired');
  });

  it('makes a new one of an expired one', async () => {
    const { silences, clock } = setUp();
    const old = await silences.set(silence());
    await clock.advance(2 * HOUR);
    const again = await silences.set(silence({ id: old, endsAtMs: clock.nowMs() + HOUR }));
    expect(again).not.toBe(old);
    expect(silences.get(again)).toMatchObject({ startsAtMs: clock.nowMs(), state: 'active' });
  });

  it('expires a pending one at its start and end', async () => {
    const { silences } = setUp();
    const id = await silences.set(silence({ startsAtMs: START + HOUR, endsAtMs: START + 2 * HOUR }));
    expect(await silences.expire(id)).toBe(true);
    expect(silences.get(id)).toMatchObject({ startsAtMs: START, endsAtMs: START, state: 'expired' });
    expect(await silences.expire('nobody')).toBe(false);
  });
});

describe('silences', () => {
  it('become active and expire by the clock, and are forgotten after the retention', async () => {
    const { silences, clock } = setUp();
    const labels = Labels.of({ alertname: 'A' });
    const id = await silences.set(silence({ startsAtMs: START + HOUR, endsAtMs: START + 2 * HOUR }));
    expect(silences.active('fp', labels)).toEqual([]);
    await clock.advance(HOUR);
    expect(silences.active('fp', labels).map((each) => each.id)).toEqual([id]);
    await clock.advance(HOUR);
    expect(silences.active('fp', labels)).toEqual([]);
    await clock.advance(23 * HOUR);
    silences.collect();
    expect(silences.list()).toHaveLength(1);
    await clock.advance(HOUR);
    silences.collect();
    expect(silences.list()).toEqual([]);
  });

  it('are listed active, pending, expired, the nearest first', async () => {
    const { silences, clock } = setUp();
    await silences.set(silence({ endsAtMs: START + 1_000 }));
    await silences.set(silence({ endsAtMs: START + 2_000 }));
    await silences.set(silence({ endsAtMs: START + 5 * HOUR }));
    await silences.set(silence({ endsAtMs: START + 4 * HOUR }));
    await silences.set(silence({ startsAtMs: START + 3 * HOUR, endsAtMs: START + 4 * HOUR }));
    await silences.set(silence({ startsAtMs: START + 2 * HOUR, endsAtMs: START + 4 * HOUR }));
    await clock.advance(HOUR);
    expect(silences.list().map(({ id, state }) => `${id} ${state}`)).toEqual([
      'id4 active',
      'id3 active',
      'id6 pending',
      'id5 pending',
      'id2 expired',
      'id1 expired',
    ]);
  });

  it('are limited in number and size', async () => {
    const { silences } = setUp({ maxSilences: 1, maxSilenceBytes: 400 });
    await expect(silences.set(silence({ comment: 'x'.repeat(500) }))).rejects.toThrow(
      /^silence exceeded maximum size: \d+ bytes \(limit: 400 bytes\)$/,
    );
    const id = await silences.set(silence());
    await expect(silences.set(silence())).rejects.toThrow('exceeded maximum number of silences: 1 (limit: 1)');
    expect(await silences.set(silence({ id, endsAtMs: START + 3 * HOUR }))).toBe(id);
  });

  it.each([
    [silence({ matchers: [] }), 'invalid silence: at least one matcher set required'],
    [
      silence({ matchers: [new Matcher('=~', 'a', '.*'), new Matcher('=', 'b', '')] }),
      'invalid silence: matcher set 0: at least one matcher must not match the empty string',
    ],
    [silence({ endsAtMs: START - 1 }), 'invalid silence: end time must not be before start time'],
    [silence({ id: 'gone' }), 'silence not found'],
  ])('are refused in Alertmanager’s words: %#', async (wanted, message) => {
    await expect(setUp().silences.set(wanted)).rejects.toThrow(message);
  });
});
