import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPool } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';

import { type ConsumerSite, consumerSite, eventOf, silent } from '../test/consumer-site.ts';
import { deliveries, freeClaim } from '../test/hand-bus.ts';

let site: ConsumerSite;
beforeEach(async () => {
  site = await consumerSite();
});
afterEach(() => site.close());

const soon = (ids: readonly string[]): Promise<void> =>
  eventually(async () => expect(await site.effects()).toEqual(ids));
/** Fails these, until they are mended. */
function failing(...ids: string[]): { mend: () => void } {
  let broken = true;
  site.fails = (id) => (broken && ids.includes(id) ? new Error(`${id} is poison`) : undefined);
  return { mend: () => (broken = false) };
}

describe('an event that fails', () => {
  it('is tried again; later ones of its key wait, others flow, and the order is kept', async () => {
    const { mend } = failing('a/2');
    const { deliver } = await site.start({ retry: { attempts: 1000, baseMs: 5, capMs: 20 } });
    const claim = freeClaim();
    await deliver(['a/1', 'a/2', 'b/1', 'a/3'], claim);
    await deliver(['a/4', 'b/2', 'c/1'], claim);
    expect(await site.effects()).toEqual(['a/1', 'b/1', 'b/2', 'c/1']);
    expect(claim.commits).toHaveLength(2);
    mend();
    await soon(['a/1', 'b/1', 'b/2', 'c/1', 'a/2', 'a/3', 'a/4']);
    expect(await site.count('inbox_waiting')).toBe(0);
    await deliver(['a/5']);
    expect((await site.effects()).at(-1)).toBe('a/5');
  });

  it.each([
    [2, []],
    [3, ['a/1']],
  ])('that fails %i times of 3 ends as dead letters %j', async (times, dead) => {
    site.fails = (id, attempt) =>
      id === 'a/1' && attempt <= times ? new Error(`attempt ${attempt}`) : undefined;
    const { deliver } = await site.start();
    await deliver(['a/1', 'a/2']);
    await soon(dead.length === 0 ? ['a/1', 'a/2'] : ['a/2']);
    const { rows } = await site.pool.query('SELECT * FROM inbox_dead_letter');
    expect(rows).toMatchObject(
      dead.map((id) => ({ event_id: id, attempts: 3, cause: 'attempt 3', key: 'a' })),
    );
    expect(await site.count('inbox_waiting')).toBe(0);
  });

  it('is dead with what went wrong, when first and when last; delivered again it stays so', async () => {
    failing('a/1');
    const { deliver } = await site.start();
    await deliver(['a/1']);
    await deliver(['a/1', 'b/1']);
    await eventually(async () => expect(await site.count('inbox_dead_letter')).toBe(1));
    await deliver(['a/1', 'a/2']);
    expect(await site.effects()).toEqual(['b/1', 'a/2']);
    const { rows } = await site.pool.query<{ first_failed_at: Date; last_failed_at: Date }>(
      'SELECT first_failed_at, last_failed_at FROM inbox_dead_letter',
    );
    expect(rows[0]?.last_failed_at.getTime()).toBeGreaterThanOrEqual(
      rows[0]?.first_failed_at.getTime() ?? Infinity,
    );
  });

  it('that breaks its contract ends as a dead letter that says where', async () => {
    const { bus } = await site.start();
    const event = eventOf('a/1');
    await bus.deliver(deliveries([{ ...event, data: { routeId: 'a' } }, eventOf('a/2')]));
    await soon(['a/2']);
    const { rows } = await site.pool.query<{ cause: string }>(
      'SELECT cause FROM inbox_dead_letter',
    );
    expect(rows[0]?.cause).toMatch(/data/);
  });

  it('is noticed where only a deferred constraint shows it', async () => {
    const { deliver } = await site.start({
      handle: async (client, { subject, id }) => {
        await client.query('INSERT INTO effect (key, id) VALUES ($1, $2)', [subject, id]);
        if (id === 'a/1') await client.query("INSERT INTO once (id) VALUES ('x'), ('x')");
      },
    });
    await deliver(['a/1', 'b/1']);
    await eventually(async () => expect(await site.count('inbox_dead_letter')).toBe(1));
    expect(await site.effects()).toEqual(['b/1']);
  });

  it('is noticed where the handler swallows the error of a statement', async () => {
    const { deliver } = await site.start({
      handle: async (client) => {
        await client.query('SELECT nonsense').catch(() => undefined);
      },
    });
    await deliver(['a/1', 'a/2']);
    await eventually(async () => expect(await site.count('inbox_dead_letter')).toBe(2));
  });

  it('that breaks the connection each time holds up nobody but its key', async () => {
    const pool = createPool({ url: site.database.url, applicationName: 'cut', logger: silent });
    const { bus } = await site.start({
      pool,
      handle: async (client, { subject, id }) => {
        if (subject === 'a') await client.query('SELECT pg_terminate_backend(pg_backend_pid())');
        await client.query('INSERT INTO effect (key, id) VALUES ($1, $2)', [subject, id]);
      },
    });
    const batch = deliveries(['a/1', 'b/1'].map(eventOf));
    const nth = (attempt: number) => batch.map((delivery) => ({ ...delivery, attempt }));
    await expect(bus.deliver(nth(2))).rejects.toThrow();
    await bus.deliver(nth(3));
    expect(await site.effects()).toEqual(['b/1']);
    await eventually(async () => expect(await site.count('inbox_dead_letter')).toBe(1));
    await pool.end();
  });

  it('keeps those behind it where the database hiccups at their last delivery', async () => {
    const { mend } = failing('a/1');
    const pool = createPool({ url: site.database.url, applicationName: 'hiccup', logger: silent });
    const { bus, stop } = await site.start({
      ...{ pool, pollMs: 600_000 },
      retry: { attempts: 3, baseMs: 600_000, capMs: 600_000 },
    });
    await bus.deliver(deliveries([eventOf('a/1')]));
    await eventually(async () => expect(await site.count('inbox_waiting')).toBe(1));
    // Until the retrier, which uses the same pool, has gone to sleep.
    await sleep(200);
    const connect = jest.spyOn(pool, 'connect');
    connect.mockImplementationOnce(() => {
      throw new Error('no connection');
    });
    await bus.deliver(deliveries([eventOf('a/2')]).map((one) => ({ ...one, attempt: 3 })));
    expect(connect).toHaveBeenCalled();
    await stop();
    mend();
    await site.pool.query('UPDATE inbox_waiting SET next_attempt_at = now() WHERE attempts = 1');
    await site.start();
    await soon(['a/1', 'a/2']);
    await pool.end();
  });

  it('has its attempts counted across restarts', async () => {
    failing('a/1');
    const first = await site.start({ retry: { attempts: 3, baseMs: 600_000, capMs: 600_000 } });
    await first.deliver(['a/1', 'a/2']);
    await first.stop();
    await site.pool.query('UPDATE inbox_waiting SET next_attempt_at = now() WHERE attempts = 1');
    await site.start();
    await soon(['a/2']);
    const { rows } = await site.pool.query('SELECT attempts FROM inbox_dead_letter');
    expect(rows).toEqual([{ attempts: 3 }]);
  });
});
