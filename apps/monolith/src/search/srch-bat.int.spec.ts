import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { searchFixture, type SearchFixture } from '../../test/search-fixture.ts';
import type { SrchRun } from './srch-int.ts';

let fix: SearchFixture;
beforeAll(async () => {
  fix = await searchFixture();
});
afterAll(() => fix.end());

async function run(): Promise<SrchRun> {
  const done = await fix.srch.runBatch('D');
  if (!done.ok) throw new Error(done.error.detail);
  return done.value;
}

async function refs(q: string): Promise<string[]> {
  const page = await fix.srch.find(q, 20, null);
  if (!page.ok) throw new Error(page.error.detail);
  return page.value.itms.map(({ hdr }) => hdr.artRef);
}

const count = async (sql: string): Promise<number> =>
  Number((await fix.pool.query<{ n: string }>(`SELECT count(*) AS n FROM ${sql}`)).rows[0]?.n);

/** Someone else holds the batch's lock until the returned function is called. */
async function holdLock(): Promise<() => Promise<void>> {
  const other = new pg.Client({ connectionString: fix.database.url });
  await other.connect();
  await other.query("SELECT pg_advisory_lock(hashtext('srch_bat'))");
  return () => other.end();
}

/** Stops a batch at its first row, and no reader, until the returned function is called. */
async function holdBatch(): Promise<() => Promise<void>> {
  const held = new pg.Client({ connectionString: fix.database.url });
  await held.connect();
  await held.query('BEGIN; LOCK TABLE srch_idx IN SHARE ROW EXCLUSIVE MODE');
  return () => held.end();
}

describe('search batch', () => {
  it('finds nothing before its first run', async () => {
    await fix.publish('comets', 'Comets come back', 'Halley saw one.');
    expect(await fix.srch.find('comet', 20, null)).toEqual({
      ok: true,
      value: { itms: [], tot: 0, nxt: null, idxTs: null },
    });
  });

  it('indexes all published articles and writes down what it did', async () => {
    await fix.publish('mars', 'Water on Mars', 'Ice below the dust. Mars is cold.');
    const done = await run();
    expect(await refs('comet')).toEqual(['comets']);
    expect(done).toMatchObject({ trg: 'D', sts: 'O', artCnt: 2, err: null });
    // Two rows of the list, two articles; each word of an article is a row of the index and one of the word table.
    expect(done.rowRd).toBe(4);
    expect(done.rowWr).toBe(2 * (await count('srch_idx')));
    expect(done.walByt).toBeGreaterThan(0);
    expect(done.idxTs?.getTime()).toBeGreaterThanOrEqual(done.staTs.getTime());
    expect(done.endTs?.getTime()).toBeGreaterThanOrEqual(done.idxTs?.getTime() ?? Infinity);
    expect(await fix.srch.lstRun(1)).toEqual([done]);
    expect(await fix.srch.getRun(done.runId)).toEqual(done);
  });

  it('brings the index up to date and leaves nothing of the old one', async () => {
    await fix.publish('mars', 'Water on Mars', 'Only a little brine.');
    const before = await count('srch_idx');
    const done = await run();
    expect(await refs('brine')).toEqual(['mars']);
    expect(await refs('dust')).toEqual([]);
    expect(await count(`srch_idx WHERE run_id <> ${done.runId}`)).toBe(0);
    expect(await count(`srch_wrd WHERE run_id <> ${done.runId}`)).toBe(0);
    expect(done.rowWr).toBeGreaterThan(before);
  });

  it('lets the old index answer while it runs', async () => {
    await fix.publish('moon', 'The far side', 'Of the moon.');
    const release = await holdBatch();
    const beg = await fix.srch.begBatch('D');
    if (!beg.ok) throw new Error('not begun');
    expect(beg.value.run.sts).toBe('R');
    expect(await refs('moon')).toEqual([]);
    expect(await refs('brine')).toEqual(['mars']);
    await release();
    expect((await beg.value.end).sts).toBe('O');
    expect(await refs('moon')).toEqual(['moon']);
  });

  it('runs once at a time, also with two instances', async () => {
    const second = fix.second();
    const release = await holdBatch();
    const begs = await Promise.all([fix.srch.begBatch('D'), second.begBatch('H')]);
    expect(begs.filter(({ ok }) => ok)).toHaveLength(1);
    expect(begs.find(({ ok }) => !ok)).toMatchObject({
      error: { code: 'search_batch_running', retryable: true },
    });
    await release();
    for (const beg of begs) if (beg.ok) await beg.value.end;
    expect((await second.runBatch('D')).ok).toBe(true);
  });

  it('runs once an hour, also with two instances that are not quite in time', async () => {
    const hour = new Date();
    expect((await fix.srch.runBatch('H', hour)).ok).toBe(true);
    expect(await fix.second().runBatch('H', hour)).toMatchObject({
      error: { code: 'search_batch_done' },
    });
    expect((await fix.second().runBatch('H', new Date(Date.now() + 1))).ok).toBe(true);
  });

  it('leaves alone what another run still works on', async () => {
    const release = await holdLock();
    const { rows } = await fix.pool.query<{ run_id: string }>(
      "INSERT INTO srch_run (trg) VALUES ('H') RETURNING run_id",
    );
    const runId = Number(rows[0]?.run_id);
    expect((await fix.srch.lstRun(1))[0]).toMatchObject({ runId, sts: 'R' });
    expect((await fix.srch.runBatch('D')).ok).toBe(false);
    await release();
    expect((await fix.srch.lstRun(1))[0]).toMatchObject({ runId, sts: 'K' });
    expect(await fix.srch.getRun(runId)).toMatchObject({ sts: 'K', err: expect.any(String) });
  });

  it('clears up after a run that was killed, whose index was never searched', async () => {
    const { rows } = await fix.pool.query<{ run_id: string }>(
      "INSERT INTO srch_run (trg) VALUES ('H') RETURNING run_id",
    );
    const runId = Number(rows[0]?.run_id);
    await fix.pool.query(`INSERT INTO srch_wrd (run_id, wrd, art_cnt) VALUES ($1, 'halfway', 1)`, [
      runId,
    ]);
    await fix.pool.query(
      `INSERT INTO srch_idx (wrd_id, art_id, run_id, wgt)
       SELECT wrd_id, 1, run_id, 1 FROM srch_wrd WHERE wrd = 'halfway'`,
    );
    expect(await refs('halfway')).toEqual([]);
    expect(await refs('brine')).toEqual(['mars']);
    await run();
    expect(await count(`srch_wrd WHERE run_id = ${runId}`)).toBe(0);
    expect(await count(`srch_idx WHERE run_id = ${runId}`)).toBe(0);
    expect((await fix.srch.getRun(runId))?.sts).toBe('K');
  });

  it('is marked failed when its connection is lost, and the old index stays', async () => {
    const release = await holdBatch();
    const beg = await fix.srch.begBatch('D');
    if (!beg.ok) throw new Error('not begun');
    await killHolder();
    const done = await beg.value.end;
    await release();
    expect(done.sts).toBe('F');
    expect(done.err).not.toBe('');
    expect(await refs('brine')).toEqual(['mars']);
    expect((await run()).sts).toBe('O');
  });

  it('stops early when the service stops', async () => {
    for (let n = 0; n < 30; n += 1)
      await fix.publish(`many-${n}`, `Number ${n}`, 'word '.repeat(n + 1));
    const second = fix.second();
    const beg = await second.begBatch('D');
    if (!beg.ok) throw new Error('not begun');
    await second.stop();
    expect(await beg.value.end).toMatchObject({ sts: 'F', idxTs: null });
  });

  it('does not wait for a long statement when the service stops', async () => {
    const second = fix.second();
    const release = await holdBatch();
    const beg = await second.begBatch('D');
    if (!beg.ok) throw new Error('not begun');
    await second.stop();
    expect(await beg.value.end).toMatchObject({
      sts: 'F',
      err: expect.stringMatching(/shut down/),
    });
    await release();
  });

  it('takes an article of the largest size with nothing but new words', async () => {
    const wrds = Array.from({ length: 60_000 }, (_, n) => `w${n.toString(36)}`).join(' ');
    await fix.publish('huge', 'Huge', wrds);
    expect((await run()).sts).toBe('O');
    expect(await refs('w15w')).toEqual(['huge']);
  });
});

async function killHolder(): Promise<void> {
  const admin = new pg.Client({ connectionString: fix.database.adminUrl });
  await admin.connect();
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
      WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  await admin.end();
}
