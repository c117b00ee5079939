import { expect, it } from 'vitest';
import { BodyPool } from '../../src/http/body-buffer.ts';

const MIB = 1 << 20;

it('lets large bodies hold so much together and no more, and small ones always', () => {
  const pool = new BodyPool();
  const held = [pool.take(256 * MIB), pool.take(256 * MIB), pool.take(256 * MIB)];
  expect(() => pool.take(17 * MIB)).toThrow('too many large bodies at once: set body_size_limit');
  const small = pool.take(16 * MIB);
  pool.give(held.pop()!);
  const again = pool.take(128 * MIB);
  for (const memory of [...held, small, again]) pool.give(memory);
  expect(pool.take(512 * MIB).length).toBe(512 * MIB);
});

it('hands memory out again', () => {
  const pool = new BodyPool();
  const body = pool.body();
  body.append(Buffer.from('abc'));
  const memory = body.view().buffer;
  body.release();
  const next = pool.body();
  next.append(Buffer.from('d'));
  expect([Buffer.from(next.view()).toString(), next.view().buffer === memory]).toEqual(['d', true]);
});
