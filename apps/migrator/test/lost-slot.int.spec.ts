import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { historyOf } from './history.ts';
import { addArticle, addComment, addSection, addUser } from './legacy-writer.ts';

let site: CaptureSite;
beforeEach(async () => {
  site = await captureSite();
  await addSection(site.legacy);
}, 60_000);
afterEach(() => site.close());

async function dropSlot(): Promise<void> {
  await eventually(async () => {
    await site.admin.query(
      'SELECT pg_terminate_backend(active_pid, 1000) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL',
      [site.slot],
    );
    await site.admin.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [site.slot],
    );
  });
}

const snapshots = async (): Promise<string[]> =>
  (
    await site.own.query<{ why: string }>(
      "SELECT why FROM audit.capture_action WHERE action = 'snapshot_completed' ORDER BY id",
    )
  ).rows.map(({ why }) => why);

async function told(): Promise<Record<string, string[]>> {
  return Object.fromEntries(
    [...historyOf(await site.events())].map(([subject, events]) => [
      subject,
      events.map(({ type, data }) => {
        const what = type.split('.')[2] ?? '';
        return 'revision' in data ? `${what} ${data.revision}` : what;
      }),
    ]),
  );
}

describe('a slot that was dropped while nobody captured', () => {
  it('leads to a snapshot that tells the difference and nothing twice', async () => {
    const service = await site.start();
    await site.settled();
    const ada = await addUser(site.legacy, 'Ada');
    const bob = await addUser(site.legacy, 'Bob');
    for (const ref of ['same', 'changed', 'withdrawn', 'deleted'])
      await addArticle(site.legacy, { ref });
    const { rows } = await site.legacy.query<{ id: number }>(
      "SELECT art_id AS id FROM art WHERE art_ref = 'same'",
    );
    const articleId = rows[0]?.id ?? 0;
    const kept = await addComment(site.legacy, { articleId, userId: ada.id, text: 'kept' });
    const gone = await addComment(site.legacy, { articleId, userId: bob.id, text: 'gone' });
    await site.settled();
    await service.kill();
    await dropSlot();
    await site.legacy.query("UPDATE art SET ttl = 'x', rev = 4 WHERE art_ref = 'changed'");
    await site.legacy.query(
      "UPDATE art SET sts = 'W', wdr_ts = now(), rev = 2 WHERE art_ref = 'withdrawn'",
    );
    await site.legacy.query("DELETE FROM art WHERE art_ref = 'deleted'");
    await site.legacy.query('DELETE FROM cmt WHERE cmt_id = $1', [gone.id]);
    await site.legacy.query('DELETE FROM usr WHERE usr_id = $1', [bob.id]);
    await addArticle(site.legacy, { ref: 'new' });
    await site.start();
    await site.settled();
    expect(await told()).toEqual({
      same: ['Published 1'],
      changed: ['Published 1', 'Updated 4'],
      withdrawn: ['Published 1', 'Withdrawn 2'],
      deleted: ['Published 1', 'Withdrawn 2'],
      new: ['Published 1'],
      [ada.ref]: ['Registered'],
      [bob.ref]: ['Registered', 'Removed'],
      [kept.ref]: ['Posted'],
      [gone.ref]: ['Posted', 'Deleted'],
    });
    expect(await snapshots()).toEqual([
      'Nothing has been captured yet.',
      'The replication slot was dropped: changes since then may have been missed.',
    ]);
  }, 60_000);
});

it('a slot that is dropped under a running capture is noticed', async () => {
  await site.start();
  await site.settled();
  await dropSlot();
  await addArticle(site.legacy, { ref: 'after' });
  await site.settled();
  expect(await told()).toEqual({ after: ['Published 1'] });
  expect((await snapshots()).at(-1)).toMatch(/was dropped/);
}, 60_000);

it('a slot that somebody moved forward is not trusted', async () => {
  const service = await site.start();
  await site.settled();
  await service.kill();
  await addArticle(site.legacy, { ref: 'skipped' });
  await eventually(async () => {
    await site.admin.query('SELECT pg_replication_slot_advance($1, pg_current_wal_insert_lsn())', [
      site.slot,
    ]);
  });
  await site.start();
  await site.settled();
  expect(await told()).toEqual({ skipped: ['Published 1'] });
  expect((await snapshots()).at(-1)).toMatch(/past what was captured/);
}, 60_000);

it('the rows of earlier snapshots are cleared away', async () => {
  const service = await site.start();
  await addArticle(site.legacy, { ref: 'kept' });
  await site.settled();
  await service.kill();
  await dropSlot();
  await site.start();
  await site.settled();
  await eventually(async () => {
    const { rows } = await site.own.query('SELECT DISTINCT epoch FROM mirror');
    expect(rows).toHaveLength(1);
  });
}, 60_000);

describe('an idle legacy database', () => {
  it('does not pin the log: the position goes on without a change of any table', async () => {
    await site.start();
    await site.settled();
    const { rows } = await site.admin.query<{ lsn: string }>(
      'SELECT confirmed_flush_lsn AS lsn FROM pg_replication_slots WHERE slot_name = $1',
      [site.slot],
    );
    await eventually(
      async () => {
        const { rows: now } = await site.admin.query(
          'SELECT confirmed_flush_lsn > $2::pg_lsn AS further FROM pg_replication_slots WHERE slot_name = $1',
          [site.slot, rows[0]?.lsn],
        );
        expect(now).toEqual([{ further: true }]);
      },
      { everyMs: 200 },
    );
    await sleep(100);
    expect((await snapshots()).length).toBe(1);
  }, 60_000);
});
