import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Delivery, DeliveryStore } from '../../src/delivery-store.ts';

const LEASE_MS = 60_000;

/** What every durable queue does. */
export function deliveryStoreContract(store: () => DeliveryStore): void {
  let names = 0;
  const newQueue = (): string => `queue ${(names += 1)}`;
  const claim = async (queue: string, leaseMs = LEASE_MS): Promise<Delivery> => {
    const delivery = await store().claim(queue, leaseMs);
    if (delivery === undefined) throw new Error('nothing to claim');
    return delivery;
  };

  describe('a store of deliveries', () => {
    it('gives out what is due, first in, first out, to one worker at a time', async () => {
      const queue = newQueue();
      expect(await store().untilDue(queue)).toBeUndefined();
      for (const n of [1, 2]) expect(await store().enqueue(queue, { n, text: 'ünï' })).toBe(true);
      expect(await store().untilDue(queue)).toBe(0);
      const [first, second] = [await claim(queue), await claim(queue)];
      expect([first.payload, second.payload]).toEqual([1, 2].map((n) => ({ n, text: 'ünï' })));
      expect(await store().claim(queue, LEASE_MS)).toBeUndefined();
      expect(await store().untilDue(queue)).toBeGreaterThan(LEASE_MS / 2);
      expect(await store().delivered(first)).toBe(true);
      expect(await store().delivered(first)).toBe(false);
      expect(await store().state(queue)).toMatchObject({ waiting: 1, dead: 0, paused: undefined });
    });

    it('takes a key once', async () => {
      const queue = newQueue();
      expect(await store().enqueue(queue, 1, 'k')).toBe(true);
      expect(await store().enqueue(queue, 2, 'k')).toBe(false);
      expect(await store().enqueue(newQueue(), 1, 'k')).toBe(true);
      await store().delivered(await claim(queue));
      expect(await store().enqueue(queue, 3, 'k')).toBe(true);
    });

    it('gives out again what was not settled in its lease, and refuses the late answer', async () => {
      const queue = newQueue();
      await store().enqueue(queue, 1);
      const dead = await claim(queue, 1);
      await sleep(10);
      const next = await claim(queue);
      expect(next).toMatchObject({ id: dead.id, attempts: 2 });
      expect(await store().delivered(dead)).toBe(false);
      expect(await store().failed(dead, { kind: 'dead' }, 'late')).toBe(false);
      expect(await store().delivered(next)).toBe(true);
    });

    it('brings back later what failed, and does not count what was not tried', async () => {
      const queue = newQueue();
      await store().enqueue(queue, 1);
      await store().release(await claim(queue));
      const first = await claim(queue);
      expect(first.attempts).toBe(1);
      await store().failed(first, { kind: 'again', inMs: 30 }, 'busy');
      expect(await store().claim(queue, LEASE_MS)).toBeUndefined();
      await sleep(50);
      expect(await claim(queue)).toMatchObject({ attempts: 2 });
    });

    it('keeps dead letters, replays and discards them', async () => {
      const queue = newQueue();
      for (const n of [1, 2]) {
        await store().enqueue(queue, n, `k${n}`);
        await store().failed(await claim(queue), { kind: 'dead' }, `Error: ${n}`);
      }
      expect(await store().claim(queue, LEASE_MS)).toBeUndefined();
      const letters = await store().deadLetters(queue, 10);
      expect(letters).toEqual([
        expect.objectContaining({
          payload: 2,
          key: 'k2',
          attempts: 1,
          cause: 'Error: 2',
          deadAt: expect.any(Date),
        }),
        expect.objectContaining({ payload: 1 }),
      ]);
      const [two, one] = letters.map(({ id }) => id) as [string, string];
      expect(await store().discard(queue, two)).toBe(true);
      expect(await store().discard(queue, two)).toBe(false);
      expect(await store().replay(queue, one)).toBe(true);
      expect(await store().replay(queue, one)).toBe(false);
      expect(await store().replay(queue, 'nonsense')).toBe(false);
      expect(await claim(queue)).toMatchObject({ payload: 1, attempts: 1 });
    });

    it('gives out nothing while it is paused', async () => {
      const queue = newQueue();
      await store().enqueue(queue, 1);
      await store().pause(queue, 'the provider asked for it');
      expect(await store().claim(queue, LEASE_MS)).toBeUndefined();
      expect(await store().untilDue(queue)).toBeUndefined();
      expect((await store().state(queue)).paused).toEqual({ why: 'the provider asked for it' });
      await store().resume(queue);
      expect((await store().state(queue)).paused).toBeUndefined();
      await claim(queue);
    });

    it('gives each to one of many who ask at the same time', async () => {
      const queue = newQueue();
      for (let n = 0; n < 6; n += 1) await store().enqueue(queue, n);
      const claims = await Promise.all(
        Array.from({ length: 10 }, () => store().claim(queue, LEASE_MS)),
      );
      const ids = claims.flatMap((delivery) => (delivery === undefined ? [] : [delivery.id]));
      expect(new Set(ids).size).toBe(ids.length);
      // Those who were held up by each other may have come away with nothing, but nothing is lost.
      for (let delivery = await store().claim(queue, LEASE_MS); delivery !== undefined;) {
        ids.push(delivery.id);
        delivery = await store().claim(queue, LEASE_MS);
      }
      expect(new Set(ids).size).toBe(6);
    });
  });
}
