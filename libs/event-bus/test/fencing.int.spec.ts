import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

import {
  commit,
  ensureGroup,
  heartbeat,
  type Hold,
  lag,
  release,
} from '../src/postgres/group-store.ts';
import { newTopic } from './contract/counted.ts';
import { createSite } from './contract/harness.ts';
import { busDatabase } from './test-bus.ts';

/** What the database refuses, whatever a member believes of itself. */
describe('a lease', () => {
  const leaseMs = 60_000;
  let database: TestDatabase;
  let site: ReturnType<typeof createSite>;
  let pool: pg.Pool;
  let topic: string;
  let group: string;

  beforeAll(async () => {
    database = await busDatabase();
    site = createSite({ url: () => database.url });
    pool = new pg.Pool({ connectionString: database.url });
  });
  afterAll(async () => {
    await site.close();
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    const bus = await site.open();
    const made = await newTopic(bus, 1);
    ({ topic, group } = made);
    await bus.publish([1, 2, 3, 4, 5].map((n) => made.event('a', n)));
    await ensureGroup(pool, group, [topic], 'earliest');
  });

  const beat = (member: string, holds: readonly Hold[] = []) =>
    heartbeat(pool, { group, member, topics: [topic], holds, occupied: new Set(), leaseMs });
  const claimedBy = async (member: string): Promise<Hold> => {
    const [hold] = (await beat(member)).claimed;
    if (hold === undefined) throw new Error('nothing was claimed');
    return hold;
  };
  /** More than a lease. */
  const timePasses = async (): Promise<void> => {
    await pool.query(`UPDATE group_partition SET lease_until = lease_until - interval '2 minutes'`);
    await pool.query(`UPDATE group_member SET seen_at = seen_at - interval '2 minutes'`);
  };
  const behind = async () => (await lag(pool, group)).map((one) => one.behind);

  it('is not given to a second member while it lasts', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const hold = await claimedBy(one);
    expect((await beat(two)).claimed).toEqual([]);
    expect((await beat(one, [hold])).renewed.size).toBe(1);
  });

  it('that ran out and went to another lets the first commit nothing', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const old = await claimedBy(one);
    await timePasses();
    const now = await claimedBy(two);
    expect(now.generation).toBe(old.generation + 1);
    expect(await commit(pool, group, one, old, 4n)).toBe(false);
    expect(await behind()).toEqual([5n]);
    expect(await commit(pool, group, two, now, 2n)).toBe(true);
    expect(await behind()).toEqual([3n]);
  });

  it('that ran out and came back to the same member has another generation', async () => {
    const one = randomUUID();
    const old = await claimedBy(one);
    const now = await claimedBy(one);
    expect(await commit(pool, group, one, old, 4n)).toBe(false);
    expect(await commit(pool, group, one, now, 2n)).toBe(true);
  });

  it('is not given back by who has lost it', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const old = await claimedBy(one);
    await timePasses();
    const now = await claimedBy(two);
    await release(pool, group, one, old);
    expect(await commit(pool, group, two, now, 1n)).toBe(true);
  });

  it('does not take the group back to an earlier place', async () => {
    const one = randomUUID();
    const hold = await claimedBy(one);
    await commit(pool, group, one, hold, 4n);
    await commit(pool, group, one, hold, 2n);
    expect(await behind()).toEqual([1n]);
  });

  it('that ran out, with nobody to take it, still commits', async () => {
    const one = randomUUID();
    const hold = await claimedBy(one);
    await timePasses();
    expect(await commit(pool, group, one, hold, 5n)).toBe(true);
  });
});
