import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KnownEvent } from '@newscience/event-contracts/registry';
import { createPool } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import type pg from 'pg';

import { type ActivitySite, activitySite, type Instance, logger } from './activity-site.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import {
  account,
  comment,
  deleted,
  posted,
  published,
  registered,
  removed,
} from './sample-events.ts';

const ROUNDS = 40;
const KEYS = 25;

let site: ActivitySite;
let pool: pg.Pool;
let instances: Instance[];
const truth = new Map<string, KnownEvent>();

beforeAll(async () => {
  site = await activitySite();
  pool = createPool({ url: site.database.url, applicationName: 'test', logger, max: 2 });
  instances = [await site.start(), await site.start()];
});
afterAll(async () => {
  for (const { process: one } of instances) process.kill(one.pid, 'SIGCONT');
  await pool.end();
  await site.close();
});

/** At least once, as a relay does. */
async function publish(events: readonly KnownEvent[]): Promise<void> {
  for (const event of events) truth.set(`${event.source} ${event.id}`, event);
  await site.bus.publish(events);
  if (truth.size % 3 === 0) await site.bus.publish(events.slice(0, 7));
}

/** Somebody writes comments, one of which is deleted, and leaves in every fourth round. */
function round(revision: number): KnownEvent[] {
  const leaves = revision % 4 === 0;
  const who = account(`${leaves ? 'Leaver' : 'Stayer'} ${revision}`);
  const [first, second] = [comment('key-1'), comment('key-2')];
  return [
    registered(who),
    ...Array.from({ length: KEYS }, (_, key) => published(`key-${key}`, revision)),
    posted(first, who, 'A word too many'),
    posted(second, who),
    deleted(first),
    ...(leaves ? [removed(who)] : []),
  ];
}

const counted = (events: Iterable<KnownEvent>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
};

async function countersAre(expected: Map<string, number>, instance: Instance): Promise<void> {
  const { body } = await instance.get('/api/v1/activity/counters?check=true');
  expect(body).toEqual({
    items: [...expected.keys()].sort().map((type) => ({
      ...{ type, count: expected.get(type), stored: expected.get(type) },
      lastAt: expect.any(String),
    })),
    agrees: true,
  });
}

/** Follows the timeline on whichever instance answers, and goes on after each lost connection. */
function followThroughout(): { readonly ids: number[]; readonly stop: () => void } {
  const ids: number[] = [];
  let stopped = false;
  let open: EventStream | undefined;
  const follow = async (): Promise<void> => {
    let lastEventId = '0';
    for (let n = 0; !stopped; n += 1) {
      const url = `${instances[n % 2]?.url() ?? ''}/api/v1/activity/stream`;
      const token = await site.issuer.token();
      open = await openEventStream({ url, token, lastEventId }).catch(() => undefined);
      if (open?.status !== 200) await sleep(50);
      else {
        await Promise.race([open.ended, sleep(1500)]);
        ids.push(...open.ids);
        lastEventId = open.lastEventId() ?? lastEventId;
        open.close();
      }
    }
  };
  void follow();
  return { ids, stop: () => (stopped = true) };
}

describe('instances that are killed again and again while they consume', () => {
  it('count each event once, in order per key, and forget what is to be forgotten', async () => {
    const follower = followThroughout();
    const progress = { written: false };
    const write = async (): Promise<void> => {
      for (let revision = 1; revision <= ROUNDS; revision += 1) {
        await publish(round(revision));
        await sleep(150);
      }
      progress.written = true;
    };
    const writing = write();
    let kills = 0;
    for (; !progress.written || kills < 6; kills += 1) {
      await sleep(200 + Math.random() * 600);
      const victim = instances[kills % 2]?.process;
      await victim?.kill('SIGKILL');
      await victim?.restart();
    }
    await writing;

    const expected = counted(truth.values());
    const [survivor] = instances;
    if (survivor === undefined) throw new Error('no instance');
    await eventually(() => countersAre(expected, survivor), { withinMs: 60_000, everyMs: 200 });

    const { rows } = await pool.query<{ id: string; source: string; event_id: string }>(
      'SELECT id, source, event_id FROM activity ORDER BY id',
    );
    const names = rows.map(({ source, event_id: id }) => `${source} ${id}`);
    expect(names.toSorted()).toEqual([...truth.keys()].sort());
    expect(rows.map(({ id }) => Number(id))).toEqual(rows.map((_, index) => index + 1));
    for (let key = 0; key < KEYS; key += 1) {
      const ofKey = rows.filter(({ event_id: id }) => id.startsWith(`key-${key}/`));
      expect(ofKey.map(({ event_id: id }) => Number(id.split('/')[1]))).toEqual(
        Array.from({ length: ROUNDS }, (_, n) => n + 1),
      );
    }
    await eventually(() => expect(follower.ids.length).toBe(truth.size), { withinMs: 60_000 });
    follower.stop();
    expect(follower.ids).toEqual(rows.map(({ id }) => Number(id)));

    const left = await pool.query(
      `SELECT activity::text AS found FROM activity WHERE activity::text ~ 'Leaver|A word too many'
       UNION ALL SELECT event::text FROM inbox_dead_letter
       UNION ALL SELECT arrival::text FROM arrival`,
    );
    expect(left.rows).toEqual([]);
  }, 180_000);

  it('are replaced when one hangs in the middle of a transaction, and do no harm when it goes on', async () => {
    const [hanging, healthy] = instances;
    if (hanging === undefined || healthy === undefined) throw new Error('no instances');
    await healthy.process.kill('SIGKILL');
    await freezeInTransaction(hanging.process.pid);
    await healthy.process.restart();
    await eventually(() => countersAre(counted(truth.values()), healthy), {
      ...{ withinMs: 90_000, everyMs: 200 },
    });
    process.kill(hanging.process.pid, 'SIGCONT');
    await publish(round(ROUNDS + 1000));
    await eventually(() => countersAre(counted(truth.values()), hanging), {
      ...{ withinMs: 60_000, everyMs: 200 },
    });
  }, 180_000);
});

/** Publishes, and stops the process at an instant at which a transaction of its consumer is open. */
async function freezeInTransaction(pid: number): Promise<void> {
  for (let n = 1; n < 500; n += 1) {
    await publish(round(ROUNDS + n));
    await sleep(Math.random() * 60);
    process.kill(pid, 'SIGSTOP');
    await sleep(50);
    const { rows } = await pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'activity-service' AND state = 'idle in transaction'`,
    );
    if (rows.length > 0) return;
    process.kill(pid, 'SIGCONT');
  }
  throw new Error('it was never met in a transaction');
}
