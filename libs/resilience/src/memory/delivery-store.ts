import { randomUUID } from 'node:crypto';

import { type Clock, systemClock } from '../clock.ts';
import type { Delivery, DeliveryStore } from '../delivery-store.ts';

type Row = {
  readonly id: string;
  readonly queue: string;
  readonly key: string | undefined;
  readonly payload: unknown;
  readonly enqueuedAt: number;
  attempts: number;
  dueAt: number;
  lease: string | undefined;
  dead: { readonly at: Date; readonly cause: string } | undefined;
};

/** A queue that lives as long as its process: for tests, and as the plainest example of the port. */
export function createMemoryDeliveryStore(clock: Clock = systemClock): DeliveryStore {
  const rows = new Map<string, Row>();
  const paused = new Map<string, string>();
  let ids = 0;

  const of = (queue: string): Row[] => [...rows.values()].filter((row) => row.queue === queue);
  const waiting = (queue: string): Row[] =>
    of(queue)
      .filter(({ dead }) => dead === undefined)
      .sort((a, b) => a.dueAt - b.dueAt);
  const dead = (queue: string, id: string): Row | undefined =>
    of(queue).find((row) => row.id === id && row.dead !== undefined);
  const leased = ({ id, lease }: Delivery): Row | undefined => {
    const row = rows.get(id);
    return row?.lease === lease ? row : undefined;
  };

  return {
    enqueue(queue, payload, key) {
      if (key !== undefined && of(queue).some((row) => row.key === key))
        return Promise.resolve(false);
      const id = String((ids += 1));
      const now = clock.now();
      const fresh = { attempts: 0, dueAt: now, lease: undefined, dead: undefined };
      // As JSON, like any store that outlives its process would keep it.
      const kept: unknown = JSON.parse(JSON.stringify(payload));
      rows.set(id, { id, queue, key, payload: kept, enqueuedAt: now, ...fresh });
      return Promise.resolve(true);
    },
    claim(queue, leaseMs) {
      const now = clock.now();
      const row = waiting(queue).find(({ dueAt }) => dueAt <= now);
      if (row === undefined || paused.has(queue)) return Promise.resolve(undefined);
      const lease = randomUUID();
      row.attempts += 1;
      row.lease = lease;
      row.dueAt = now + leaseMs;
      const { id, payload, attempts } = row;
      return Promise.resolve({ id, payload, attempts, lease });
    },
    release(delivery) {
      const row = leased(delivery);
      if (row !== undefined) {
        row.attempts -= 1;
        row.lease = undefined;
        row.dueAt = clock.now();
      }
      return Promise.resolve();
    },
    delivered(delivery) {
      const row = leased(delivery);
      return Promise.resolve(row !== undefined && rows.delete(row.id));
    },
    failed(delivery, then, cause) {
      const row = leased(delivery);
      if (row === undefined) return Promise.resolve(false);
      row.lease = undefined;
      if (then.kind === 'dead') row.dead = { at: new Date(), cause };
      else row.dueAt = clock.now() + then.inMs;
      return Promise.resolve(true);
    },
    untilDue(queue) {
      const next = waiting(queue)[0];
      if (next === undefined || paused.has(queue)) return Promise.resolve(undefined);
      return Promise.resolve(Math.max(0, next.dueAt - clock.now()));
    },
    pause(queue, why) {
      paused.set(queue, why);
      return Promise.resolve();
    },
    resume(queue) {
      paused.delete(queue);
      return Promise.resolve();
    },
    state(queue) {
      const alive = waiting(queue);
      const now = clock.now();
      const oldest = Math.min(now, ...alive.map(({ enqueuedAt }) => enqueuedAt));
      const why = paused.get(queue);
      return Promise.resolve({
        waiting: alive.length,
        dead: of(queue).length - alive.length,
        oldestMs: now - oldest,
        paused: why === undefined ? undefined : { why },
      });
    },
    deadLetters: (queue, limit) =>
      Promise.resolve(
        of(queue)
          .reverse()
          .flatMap(({ id, key, payload, attempts, dead: end }) =>
            end === undefined
              ? []
              : [{ id, key, payload, attempts, cause: end.cause, deadAt: end.at }],
          )
          .slice(0, limit),
      ),
    replay(queue, id) {
      const row = dead(queue, id);
      if (row === undefined) return Promise.resolve(false);
      row.dead = undefined;
      row.attempts = 0;
      row.dueAt = clock.now();
      return Promise.resolve(true);
    },
    discard(queue, id) {
      const row = dead(queue, id);
      return Promise.resolve(row !== undefined && rows.delete(row.id));
    },
  };
}
