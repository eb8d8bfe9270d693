import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { type ConsumerSite, consumerSite, eventOf, type Member } from './consumer-site.ts';
import { deliveries, freeClaim } from './hand-bus.ts';
import { firstComings } from './sample-events.ts';

const PARTITIONS = 4;
const KEYS = 20;
const EVENTS_PER_KEY = 50;

let site: ConsumerSite;
let members: Member[];
beforeAll(async () => {
  site = await consumerSite();
  members = [];
  for (let n = 0; n < 3; n += 1)
    members.push(await site.start({ retry: { attempts: 1000, baseMs: 10, capMs: 50 } }));
});
afterAll(() => site.close());

const chance = (share: number): boolean => Math.random() < share;
const below = (limit: number): number => Math.floor(Math.random() * limit);
const anyone = (): Member | undefined => members[below(members.length)];

/**
 * A bad day: the partition changes hands all the time, goes back to what was delivered before, and now and then a
 * member that has lost it without knowing works on the same batch.
 */
async function deliverPartition(partition: number): Promise<void> {
  const keys = Array.from({ length: KEYS / PARTITIONS }, (_, n) => `key${partition}-${n}`);
  const ids = Array.from({ length: EVENTS_PER_KEY }, (_, n) => keys.map((key) => `${key}/${n}`));
  const log = deliveries(ids.flat().map(eventOf), partition);
  for (let next = 0; next < log.length;) {
    const start = chance(0.2) ? Math.max(0, next - below(20)) : next;
    const batch = log.slice(start, next + 1 + below(20));
    const owner = anyone()?.bus.deliver(batch);
    const zombie = chance(0.3)
      ? anyone()?.bus.deliver(batch, freeClaim({ fenced: true }))
      : undefined;
    await Promise.all([owner, zombie]);
    next = start + batch.length;
  }
}

describe('three members whose partitions change hands, with effects that fail at random', () => {
  it('have each effect once and in order per key', async () => {
    const fail = { share: 0.08 };
    site.fails = () => (chance(fail.share) ? new Error('bad luck') : undefined);
    await Promise.all([...Array(PARTITIONS).keys()].map(deliverPartition));
    await eventually(async () => expect(await site.count('inbox_waiting')).toBe(0), {
      withinMs: 60_000,
    });

    const effects = await site.effects();
    expect(effects).toHaveLength(KEYS * EVENTS_PER_KEY);
    const comings = firstComings(effects);
    expect(comings.size).toBe(KEYS);
    for (const numbers of comings.values())
      expect(numbers).toEqual([...Array(EVENTS_PER_KEY).keys()]);
    expect(await site.count('inbox_dead_letter')).toBe(0);
  }, 120_000);
});
