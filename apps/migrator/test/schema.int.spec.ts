import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';

import { ProvisioningRefused } from '../src/legacy/provisioning.ts';
import { captureSite, type CaptureSite } from './capture-site.ts';
import { historyOf } from './history.ts';
import { addArticle, addSection, addUser } from './legacy-writer.ts';

let site: CaptureSite;
beforeEach(async () => {
  site = await captureSite();
  await addSection(site.legacy);
}, 60_000);
afterEach(() => site.close());

const stops = async (): Promise<string[]> =>
  (
    await site.own.query<{ why: string }>(
      "SELECT why FROM audit.capture_action WHERE action = 'stopped' ORDER BY id",
    )
  ).rows.map(({ why }) => why);
const stoppedBecause = (why: RegExp) =>
  eventually(async () => expect((await stops()).at(-1)).toMatch(why));
const idsOf = async (ref: string) =>
  (historyOf(await site.events()).get(ref) ?? []).map(({ id }) => id);

describe('a change of the schema stops the capture with an explanation, and its end starts it again:', () => {
  it('a captured column that was renamed', async () => {
    await site.start();
    await addArticle(site.legacy, { ref: 'before' });
    await site.settled();
    await site.admin.query('ALTER TABLE art RENAME COLUMN ttl TO title');
    await site.legacy.query("UPDATE art SET title = 'x', rev = 2 WHERE art_ref = 'before'");
    await stoppedBecause(/art\.ttl was dropped or renamed/);
    expect(await idsOf('before')).toEqual(['before/1']);
    await site.admin.query('ALTER TABLE art RENAME COLUMN title TO ttl');
    await site.legacy.query("UPDATE art SET rev = 3 WHERE art_ref = 'before'");
    await site.settled();
    const events = historyOf(await site.events()).get('before') ?? [];
    expect(events.map(({ id }) => id)).toEqual(['before/1', 'before/3']);
    expect(events[1]?.data).toMatchObject({ title: 'x' });
  }, 90_000);

  it('a captured column that was dropped', async () => {
    await site.start();
    await site.settled();
    await site.admin.query('ALTER TABLE art DROP COLUMN kick CASCADE');
    await addArticle(site.legacy, { ref: 'unseen' });
    await stoppedBecause(/art\.kick was dropped|art is not in the publication/);
    expect(await idsOf('unseen')).toEqual([]);
    await site.admin.query('ALTER TABLE art ADD COLUMN kick text');
    await site.provision();
    await site.settled();
    expect(await idsOf('unseen')).toEqual(['unseen/1']);
  }, 90_000);

  it('a captured column of another type, which PostgreSQL itself refuses while it is published', async () => {
    await site.start();
    await site.settled();
    const retype = (type: string) =>
      site.admin.query(`ALTER TABLE art ALTER COLUMN rev TYPE ${type}`);
    await expect(retype('bigint')).rejects.toThrow(/used by a publication/);
    await site.admin.query('ALTER PUBLICATION newscience_capture DROP TABLE art');
    await retype('bigint');
    await site.admin.query('ALTER PUBLICATION newscience_capture ADD TABLE art');
    await addArticle(site.legacy, { ref: 'big' });
    await stoppedBecause(/art/);
    await expect(site.provision()).rejects.toThrow(/art\.rev is of type bigint/);
    await site.admin.query('ALTER PUBLICATION newscience_capture DROP TABLE art');
    await retype('integer');
    await site.provision();
    await site.settled();
    expect(await idsOf('big')).toEqual(['big/1']);
  }, 90_000);

  it('a table that was taken out of the publication', async () => {
    await site.start();
    await site.settled();
    await site.admin.query('ALTER PUBLICATION newscience_capture DROP TABLE usr');
    const { ref } = await addUser(site.legacy, 'Una');
    await stoppedBecause(/usr is not in the publication/);
    await site.provision();
    await site.settled();
    expect(await idsOf(ref)).toEqual([`${ref}/registered`]);
  }, 90_000);

  it('a table that was taken out while nobody captured', async () => {
    const service = await site.start();
    await site.settled();
    await service.kill();
    await site.admin.query('ALTER PUBLICATION newscience_capture DROP TABLE usr');
    const { ref } = await addUser(site.legacy, 'Una');
    await site.start();
    await stoppedBecause(/usr is not in the publication/);
    await site.provision();
    await site.settled();
    expect(await idsOf(ref)).toEqual([`${ref}/registered`]);
  }, 90_000);

  it('a primary key that was dropped', async () => {
    await site.start();
    await site.settled();
    await site.admin.query('ALTER TABLE art_top DROP CONSTRAINT art_top_pkey');
    await stoppedBecause(/art_top has no primary key/);
    await site.admin.query('ALTER TABLE art_top ADD PRIMARY KEY (art_id, seq)');
    await addArticle(site.legacy, { ref: 'again' });
    await site.settled();
    expect(await idsOf('again')).toEqual(['again/1']);
  }, 90_000);
});

it('a column that was only added is reported and changes nothing', async () => {
  const service = await site.start();
  await site.settled();
  await site.admin.query("ALTER TABLE usr ADD COLUMN phone text DEFAULT '0123'");
  await service.saw(/The column usr\.phone is new and not captured/);
  await addArticle(site.legacy, { ref: 'fine' });
  await addUser(site.legacy, 'Una');
  await site.settled();
  expect(await idsOf('fine')).toEqual(['fine/1']);
  expect(await stops()).toEqual([]);
  const { rows } = await site.own.query("SELECT content FROM mirror WHERE relation = 'usr'");
  expect(JSON.stringify(rows)).not.toContain('0123');
}, 60_000);

describe('provisioning', () => {
  it('can be repeated, also under a running capture', async () => {
    await site.start();
    await site.settled();
    await site.provision();
    await addArticle(site.legacy, { ref: 'on' });
    await site.settled();
    expect(await idsOf('on')).toEqual(['on/1']);
    expect(await stops()).toEqual([]);
  }, 60_000);

  it('refuses a table without primary key, with the reason, and changes nothing', async () => {
    await site.admin.query('DROP PUBLICATION newscience_capture');
    await site.admin.query('ALTER TABLE art_rel DROP CONSTRAINT art_rel_pkey');
    const refusal = await site.provision().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ProvisioningRefused);
    expect(String(refusal)).toMatch(/art_rel has no primary key.*\n.*ADD PRIMARY KEY/);
    expect((await site.admin.query('SELECT 1 FROM pg_publication')).rowCount).toBe(0);
  });

  it('takes back what a column list must not hold', async () => {
    await site.admin.query(
      'ALTER PUBLICATION newscience_capture SET TABLE usr (usr_id, usr_ref, nm, rol, sts, crt_ts, eml)',
    );
    await site.start();
    await stoppedBecause(/is not in the publication|must not leave/);
    await site.provision();
    await site.settled();
  }, 60_000);

  it('lets the capture role read the captured columns and nothing else', async () => {
    const client = new pg.Client({ connectionString: site.captureUrl });
    await client.connect();
    try {
      const may = (sql: string) =>
        client.query(sql).then(
          () => true,
          () => false,
        );
      expect(await may('SELECT usr_id, usr_ref, nm, rol, sts, crt_ts FROM usr')).toBe(true);
      for (const refused of [
        'SELECT eml FROM usr',
        'SELECT pwd_hsh FROM usr',
        'SELECT * FROM usr',
        'SELECT 1 FROM sgn_key',
        'SELECT 1 FROM usr_sess',
        "UPDATE usr SET nm = 'x'",
        'DELETE FROM cmt',
        'CREATE TABLE t ()',
      ])
        expect([refused, await may(refused)]).toEqual([refused, false]);
    } finally {
      await client.end();
    }
    const elsewhere = new URL(site.captureUrl);
    elsewhere.pathname = new URL(site.env['DATABASE_URL'] ?? '').pathname;
    const other = new pg.Client({ connectionString: elsewhere.href });
    await expect(other.connect()).rejects.toThrow(/permission denied for database/);
  });
});
