import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';

/** One run at a time in the whole database, whoever starts it. Held by the session that does the work, so it ends with it. */
const LOCK_KEY = 'srch_bat';

const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 50;
const CANCEL_EVERY_MS = 200;

/**
 * Takes the lock for this session. Null where a run has it. Without a run that is under way it is a matter
 * of milliseconds: one that just ended, or somebody who looks for killed ones.
 * @returns the session's process id
 */
export async function tryLock(db: PoolClient): Promise<number | null> {
  for (let left = LOCK_ATTEMPTS; ; left -= 1) {
    const { rows } = await db.query<{ ok: boolean; pid: number; busy: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext($1)) AS ok, pg_backend_pid() AS pid,
              EXISTS (SELECT FROM srch_run WHERE sts = 'R') AS busy`,
      [LOCK_KEY],
    );
    const [row] = rows;
    if (row?.ok === true) return row.pid;
    if (row?.busy !== false || left === 1) return null;
    await sleep(LOCK_PAUSE_MS);
  }
}

/** Gives the lock back at once; a connection takes a moment to close. */
export async function unlock(db: PoolClient): Promise<void> {
  await db.query('SELECT pg_advisory_unlock(hashtext($1))', [LOCK_KEY]).catch(() => undefined);
}

/**
 * Ends the statement in flight when the run is to stop: it may take longer than a shutdown may. Again and
 * again, because a request that comes between two statements is lost.
 * @returns what ends the watch
 */
export function cancelWhenStopped(pool: Pool, pid: number, stp: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    pool.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined);
    timer = setTimeout(cancel, CANCEL_EVERY_MS);
  };
  stp.addEventListener('abort', cancel);
  return () => {
    stp.removeEventListener('abort', cancel);
    clearTimeout(timer);
  };
}

/**
 * Marks runs that were killed: they look as if they ran, and nobody holds the lock. Says how many it found.
 */
export async function mrkKilRun(pool: Pool): Promise<number> {
  const db = await pool.connect();
  try {
    await db.query('BEGIN');
    const lck = await db.query<{ ok: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtext($1)) AS ok',
      [LOCK_KEY],
    );
    const cnt = lck.rows[0]?.ok === true ? await mrkKil(db) : 0;
    await db.query('COMMIT');
    db.release();
    return cnt;
  } catch (error) {
    db.release(true);
    throw error;
  }
}

/** The same for the holder of the lock. */
export async function mrkKil(db: PoolClient): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE srch_run SET sts = 'K', end_ts = now(), err = 'the process that ran it ended before it did' WHERE sts = 'R'`,
  );
  return rowCount ?? 0;
}
