import type { Logger } from '@newscience/service-kit/logging';
import { err, ok, type Result } from '@newscience/service-kit/result';
import type { Pool, PoolClient } from 'pg';

import type { SrchBeg, SrchErr, SrchRun, SrchTrg } from './srch-int.ts';
import { cancelWhenStopped, mrkKil, tryLock, unlock } from './srch-lck.ts';
import { RUN_COLUMNS, toRun, type RunRow } from './srch-row.ts';
import { wgtWrd } from './srch-tok.ts';

/** After this many articles the run's row says how far it is. */
const PROGRESS_EVERY = 100;

const RUNNING: SrchErr = {
  code: 'search_batch_running',
  detail: 'The search batch is running already: wait for its end, then start it again.',
  retryable: true,
};

const DONE: SrchErr = {
  code: 'search_batch_done',
  detail: 'The search batch was run already.',
};

const STOPPED = 'stopped, because the service was shut down';

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

type BatDeps = { pool: Pool; logger: Logger };
type Cnt = { artCnt: number; rowRd: number; rowWr: number };

/**
 * Starts a run of the batch that rebuilds the word tables from all articles. Until its words are complete
 * the old ones answer; then they change in one statement, and the old rows are deleted.
 * `stp` ends the run early (outcome F); what it wrote so far is cleared by the next run.
 * `snc`: not if a run was started since; asked under the lock, so that of two instances one does it.
 */
export async function begBat(
  { pool, logger }: BatDeps,
  trg: SrchTrg,
  stp: AbortSignal,
  snc?: Date,
): Promise<Result<SrchBeg, SrchErr>> {
  const db = await pool.connect();
  try {
    const pid = await tryLock(db);
    if (pid === null) {
      db.release();
      return err(RUNNING);
    }
    if (snc !== undefined && (await hasRun(db, snc))) {
      db.release(true);
      return err(DONE);
    }
    await db.query('SET statement_timeout = 0');
    await mrkKil(db);
    const { rows } = await db.query<RunRow & { lsn: string }>(
      `INSERT INTO srch_run (trg) VALUES ($1) RETURNING ${RUN_COLUMNS}, pg_current_wal_insert_lsn()::text AS lsn`,
      [trg],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the search batch could not write its run');
    const run = toRun(row);
    const unwatch = cancelWhenStopped(pool, pid, stp);
    const finish = async (): Promise<void> => {
      unwatch();
      // Whoever waited for the end may start the next run at once.
      await unlock(db);
      db.release(true);
    };
    const end = runBat(db, run.runId, row.lsn, stp).then(
      async (done) => {
        await finish();
        logger.info({ run: done }, 'search batch ended');
        return done;
      },
      async (error: unknown) => {
        logger.error({ err: error, runId: run.runId }, 'search batch failed');
        const done = await mrkErr(pool, run, row.lsn, stp.aborted ? STOPPED : messageOf(error));
        await finish();
        return done;
      },
    );
    return ok({ run, end });
  } catch (error) {
    db.release(true);
    throw error;
  }
}

async function hasRun(db: PoolClient, snc: Date): Promise<boolean> {
  return (
    (await db.query('SELECT 1 FROM srch_run WHERE sta_ts >= $1 LIMIT 1', [snc])).rowCount === 1
  );
}

async function runBat(
  db: PoolClient,
  runId: number,
  lsn: string,
  stp: AbortSignal,
): Promise<SrchRun> {
  const cnt: Cnt = { artCnt: 0, rowRd: 0, rowWr: 0 };
  cnt.rowWr += await delOld(
    db,
    'run_id IS DISTINCT FROM (SELECT max(run_id) FROM srch_run WHERE idx_ts IS NOT NULL)',
  );

  const lst = await db.query<{ art_id: string }>(
    `WITH e AS (UPDATE art SET sts = 'P', pub_ts = emb_ts, emb_ts = NULL, upd_ts = now(), rev = rev + 1
                 WHERE sts = 'E' AND emb_ts <= now() RETURNING art_id)
     SELECT art_id FROM art WHERE sts = 'P' UNION SELECT art_id FROM e ORDER BY art_id`,
  );
  cnt.rowRd += lst.rows.length;

  for (const { art_id: artId } of lst.rows) {
    if (stp.aborted) throw new Error(STOPPED);
    await idxArt(db, runId, artId, cnt);
    if (cnt.artCnt % PROGRESS_EVERY === 0) await wrtCnt(db, runId, cnt);
  }
  await db.query('UPDATE srch_run SET idx_ts = clock_timestamp(), art_cnt = $2 WHERE run_id = $1', [
    runId,
    cnt.artCnt,
  ]);
  cnt.rowWr += await delOld(db, 'run_id <> $1', [runId]);

  const { rows } = await db.query<RunRow>(
    `UPDATE srch_run SET sts = 'O', end_ts = clock_timestamp(), art_cnt = $2, row_rd = $3, row_wr = $4,
            wal_byt = pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $5::pg_lsn)
      WHERE run_id = $1 RETURNING ${RUN_COLUMNS}`,
    [runId, cnt.artCnt, cnt.rowRd, cnt.rowWr, lsn],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the row of the run is gone');
  return toRun(row);
}

async function idxArt(db: PoolClient, runId: number, artId: string, cnt: Cnt): Promise<void> {
  const art = await db.query<{ ttl: string; bdy: string }>(
    "SELECT ttl, bdy FROM art WHERE art_id = $1 AND sts = 'P'",
    [artId],
  );
  const [row] = art.rows;
  if (row === undefined) return;
  const { wrds, wgts } = wgtWrd(row.ttl, row.bdy);
  await db.query({
    name: 'srch-idx-art',
    text: `WITH w AS (INSERT INTO srch_wrd (run_id, wrd, art_cnt) SELECT $1, wrd, 1 FROM unnest($3::text[]) AS wrd
                      ON CONFLICT (run_id, wrd) DO UPDATE SET art_cnt = srch_wrd.art_cnt + 1
                      RETURNING wrd_id, wrd)
           INSERT INTO srch_idx (wrd_id, art_id, run_id, wgt)
           SELECT w.wrd_id, $2, $1, x.wgt FROM w JOIN unnest($3::text[], $4::int[]) AS x (wrd, wgt) ON x.wrd = w.wrd`,
    values: [runId, artId, wrds, wgts],
  });
  cnt.artCnt += 1;
  cnt.rowRd += 1;
  cnt.rowWr += 2 * wrds.length;
}

async function delOld(db: PoolClient, cond: string, par: unknown[] = []): Promise<number> {
  const idx = await db.query(`DELETE FROM srch_idx WHERE ${cond}`, par);
  const wrd = await db.query(`DELETE FROM srch_wrd WHERE ${cond}`, par);
  return (idx.rowCount ?? 0) + (wrd.rowCount ?? 0);
}

async function wrtCnt(db: PoolClient, runId: number, cnt: Cnt): Promise<void> {
  await db.query('UPDATE srch_run SET art_cnt = $2, row_rd = $3, row_wr = $4 WHERE run_id = $1', [
    runId,
    cnt.artCnt,
    cnt.rowRd,
    cnt.rowWr,
  ]);
}

/** Writes the failure down; if even that is impossible the run stays R, and whoever looks next marks it killed. */
async function mrkErr(pool: Pool, run: SrchRun, lsn: string, msg: string): Promise<SrchRun> {
  try {
    const { rows } = await pool.query<RunRow>(
      `UPDATE srch_run SET sts = 'F', end_ts = clock_timestamp(), err = $2,
              wal_byt = pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $3::pg_lsn)
        WHERE run_id = $1 AND sts = 'R' RETURNING ${RUN_COLUMNS}`,
      [run.runId, msg, lsn],
    );
    const [row] = rows;
    if (row !== undefined) return toRun(row);
  } catch {
    // The first failure is the one to tell about.
  }
  return { ...run, sts: 'F', err: msg };
}
