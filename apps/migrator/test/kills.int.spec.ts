import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { historyOf } from './history.ts';
import { addArticle, addSection, inTransaction } from './legacy-writer.ts';

let site: CaptureSite;
beforeEach(async () => {
  site = await captureSite();
  await addSection(site.legacy);
}, 60_000);
afterEach(() => site.close());

const titlesOf = async () =>
  new Map(
    [...historyOf(await site.events())].map(([subject, events]) => [
      subject,
      events.map(({ data }) => ('title' in data ? data.title : '')),
    ]),
  );

async function addMany(count: number, from = 0): Promise<string[]> {
  const refs = Array.from({ length: count }, (_, index) => `many-${from + index}`);
  await inTransaction(site.legacy, async (client) => {
    for (const ref of refs) await addArticle(client, { ref, title: ref, body: ref.repeat(200) });
  });
  return refs;
}

describe('killed at many instants', () => {
  it('of the first snapshot, everything is told once', async () => {
    const refs = await addMany(400);
    for (const ms of [0, 40, 80, 120, 180, 240, 320, 420, 560]) {
      const service = await site.start();
      await sleep(ms);
      await service.kill('SIGKILL');
    }
    await site.start();
    await site.settled();
    expect(await titlesOf()).toEqual(new Map(refs.map((ref) => [ref, [ref]])));
  }, 120_000);

  it('of a transaction of 600 articles, it is told whole and once', async () => {
    const service = await site.start();
    await site.settled();
    const refs = await addMany(600);
    for (const ms of [30, 60, 100, 150, 220, 300, 450]) {
      await sleep(ms);
      await service.kill('SIGKILL');
      const told = (await site.own.query('SELECT 1 FROM published')).rowCount;
      expect([0, 600]).toContain(told);
      await service.restart();
    }
    await site.settled();
    expect(await titlesOf()).toEqual(new Map(refs.map((ref) => [ref, [ref]])));
  }, 120_000);

  it('while articles are written, changed and withdrawn, nothing is lost, doubled or out of order', async () => {
    const service = await site.start();
    const wanted = new Map<string, string[]>();
    let writing = true;
    const write = async (): Promise<void> => {
      for (let n = 0; writing; n += 1) {
        const ref = `busy-${n % 25}`;
        const title = `title ${n}`;
        if (n < 25) await addArticle(site.legacy, { ref, title });
        else
          await site.legacy.query('UPDATE art SET ttl = $2, rev = rev + 1 WHERE art_ref = $1', [
            ref,
            title,
          ]);
        wanted.set(ref, [...(wanted.get(ref) ?? []), title]);
        await sleep(3);
      }
    };
    const settledOnce = site.settled();
    await settledOnce;
    const done = write();
    for (let kill = 0; kill < 8; kill += 1) {
      await sleep(100 + 77 * kill);
      await service.kill('SIGKILL');
      await service.restart();
    }
    writing = false;
    await done;
    await site.settled();
    expect(await titlesOf()).toEqual(wanted);
  }, 120_000);
});

describe('while the bus is away', () => {
  const away = { EVENT_BUS_URL: 'postgres://bus:wrong@127.0.0.1:9/bus' };

  it('changes are captured, the log is not given up, and a kill loses nothing', async () => {
    const service = await site.start();
    await site.settled();
    await service.kill();
    const offline = await site.start(away);
    await addArticle(site.legacy, { ref: 'waits', title: 'one' });
    await site.legacy.query("UPDATE art SET ttl = 'two', rev = 2 WHERE art_ref = 'waits'");
    const { rows } = await site.admin.query<{ end: string }>(
      'SELECT pg_current_wal_insert_lsn() AS end',
    );
    await eventually(async () => {
      const outbox = await site.own.query("SELECT 1 FROM outbox WHERE key = 'waits'");
      expect(outbox.rowCount).toBe(2);
    });
    // Some rounds of confirmation.
    await sleep(2000);
    const { rows: slots } = await site.admin.query(
      'SELECT confirmed_flush_lsn < $2::pg_lsn AS held FROM pg_replication_slots WHERE slot_name = $1',
      [site.slot, rows[0]?.end],
    );
    expect(slots).toEqual([{ held: true }]);
    expect(await site.eventsOf('waits')).toEqual([]);
    await offline.kill('SIGKILL');
    await site.start();
    await site.settled();
    expect((await titlesOf()).get('waits')).toEqual(['one', 'two']);
    await eventually(async () => {
      await site.legacy.query("UPDATE sect SET sect_nm = sect_nm || '.' WHERE sect_cd = 'physics'");
      const { rows: now } = await site.admin.query(
        'SELECT confirmed_flush_lsn > $2::pg_lsn AS given FROM pg_replication_slots WHERE slot_name = $1',
        [site.slot, rows[0]?.end],
      );
      expect(now).toEqual([{ given: true }]);
    });
  }, 120_000);
});
