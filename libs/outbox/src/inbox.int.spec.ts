import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withTransaction } from '@newscience/service-kit/postgres';

import { type ConsumerSite, consumerSite } from '../test/consumer-site.ts';
import { cleanInbox, deliveryKeyOf, handleOnce } from './inbox.ts';

let site: ConsumerSite;
beforeAll(async () => {
  site = await consumerSite();
});
afterAll(() => site.close());
beforeEach(async () => {
  await site.pool.query('DELETE FROM inbox');
  await site.pool.query('DELETE FROM effect');
});

const key = { consumer: 'activity', source: 'urn:test', eventId: '1' };
const handle = (fail = false, delivery = key) =>
  withTransaction(site.pool, (client) =>
    handleOnce(client, delivery, async () => {
      await client.query("INSERT INTO effect (key, id) VALUES ('a', $1)", [delivery.eventId]);
      if (fail) throw new Error('no');
    }),
  );

describe('handleOnce', () => {
  it('runs the effect once', async () => {
    expect([await handle(), await handle()]).toEqual(['handled', 'repeated']);
    expect(await site.effects()).toEqual(['1']);
  });

  it('leaves neither entry nor effect where the effect fails', async () => {
    await expect(handle(true)).rejects.toThrow('no');
    expect([await site.count('inbox'), await site.effects()]).toEqual([0, []]);
    expect(await handle()).toBe('handled');
  });

  it('runs it once for many at the same time', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => handle()));
    expect(outcomes.filter((outcome) => outcome === 'handled')).toHaveLength(1);
    expect(await site.effects()).toEqual(['1']);
  });

  it('runs it for each consumer, source and id', async () => {
    const others = [
      { ...key, consumer: 'search' },
      { ...key, source: 'urn:other' },
      { ...key, eventId: '2' },
    ];
    for (const delivery of [key, ...others]) expect(await handle(false, delivery)).toBe('handled');
  });

  it('names an event by its source and id', () => {
    expect(deliveryKeyOf('activity', { source: 'urn:test', id: '1' })).toEqual(key);
  });
});

describe('cleanInbox', () => {
  const age = (id: string, seconds: number) =>
    site.pool.query(
      "INSERT INTO inbox VALUES ('activity', 'urn:test', $1, clock_timestamp() - make_interval(secs => $2))",
      [id, seconds],
    );

  it('removes what is older than the time to keep, and nothing younger', async () => {
    await age('old', 3601);
    await age('young', 3540);
    expect(await cleanInbox(site.pool, 3_600_000)).toBe(1);
    const { rows } = await site.pool.query('SELECT event_id FROM inbox');
    expect(rows).toEqual([{ event_id: 'young' }]);
  });

  it.each([4999, 5000, 5001])('removes all of %i old entries', async (count) => {
    await site.pool.query(
      "INSERT INTO inbox SELECT 'activity', 'urn:test', n, now() - interval '1 day' FROM generate_series(1, $1::int) AS n",
      [count],
    );
    expect(await cleanInbox(site.pool, 1000)).toBe(count);
    expect(await site.count('inbox')).toBe(0);
  });
});
