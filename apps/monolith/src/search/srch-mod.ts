import type { Logger } from '@newscience/service-kit/logging';
import { ok } from '@newscience/service-kit/result';
import type { Pool } from 'pg';

import type { ArtInt } from '../articles/art-int.ts';
import { begBat } from './srch-bat.ts';
import { fndArt } from './srch-fnd.ts';
import type { SrchInt, SrchIvl } from './srch-int.ts';
import { mrkKilRun } from './srch-lck.ts';
import { RUN_COLUMNS, toRun, type RunRow } from './srch-row.ts';
import { startSrchTmr, type SrchTmr } from './srch-tmr.ts';

const INTERVAL_KEY = 'srch_ivl_ms';

export type SrchDeps = {
  pool: Pool;
  art: ArtInt;
  logger: Logger;
  /** The batch's interval in ms where nobody set another at run time; 0 = off. */
  ivlMs: number;
};

/** The search module, and what its owner process has to start and stop. */
export type SrchMod = SrchInt & {
  /** Notices runs that were killed and begins to run the batch at its times. */
  start(): SrchTmr;
  /** Stops a run in flight (outcome F) and waits for its end. */
  stop(): Promise<void>;
};

export function createSrch({ pool, art, logger, ivlMs: dfltMs }: SrchDeps): SrchMod {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  let timer: SrchTmr | undefined;

  const begBatch: SrchInt['begBatch'] = async (trg, snc) => {
    const beg = await begBat({ pool, logger }, trg, stopping.signal, snc);
    if (beg.ok) {
      const { end } = beg.value;
      inFlight.add(end);
      void end.finally(() => inFlight.delete(end));
    }
    return beg;
  };

  const getIvl = async (): Promise<SrchIvl> => {
    const { rows } = await pool.query<{ val: string }>('SELECT val FROM cfg WHERE ky = $1', [
      INTERVAL_KEY,
    ]);
    const [row] = rows;
    return row === undefined
      ? { ivlMs: dfltMs, isSet: false }
      : { ivlMs: Number(row.val), isSet: true };
  };

  const mod: SrchMod = {
    find: (q, lim, cur) => fndArt({ pool, art }, q, lim, cur),
    begBatch,
    runBatch: async (trg, snc) => {
      const beg = await begBatch(trg, snc);
      return beg.ok ? ok(await beg.value.end) : beg;
    },
    getRun: async (runId) => {
      const get = (): Promise<{ rows: RunRow[] }> =>
        pool.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM srch_run WHERE run_id = $1`, [runId]);
      const [row] = (await get()).rows;
      if (row?.sts === 'R' && (await mrkKilRun(pool)) > 0)
        return (await get()).rows.map(toRun)[0] ?? null;
      return row === undefined ? null : toRun(row);
    },
    lstRun: async (lim, bef) => {
      const get = (): Promise<{ rows: RunRow[] }> =>
        pool.query<RunRow>(
          `SELECT ${RUN_COLUMNS} FROM srch_run WHERE $2::bigint IS NULL OR run_id < $2 ORDER BY run_id DESC LIMIT $1`,
          [lim, bef ?? null],
        );
      const { rows } = await get();
      const again = rows.some(({ sts }) => sts === 'R') && (await mrkKilRun(pool)) > 0;
      return (again ? await get() : { rows }).rows.map(toRun);
    },
    getIvl,
    setIvl: async (ivlMs) => {
      if (ivlMs === null) await pool.query('DELETE FROM cfg WHERE ky = $1', [INTERVAL_KEY]);
      else {
        await pool.query(
          `INSERT INTO cfg (ky, val) VALUES ($1, $2) ON CONFLICT (ky) DO UPDATE SET val = excluded.val, upd_ts = now()`,
          [INTERVAL_KEY, String(ivlMs)],
        );
      }
      void timer?.look();
      return getIvl();
    },
    start: () => {
      mrkKilRun(pool).catch((error: unknown) =>
        logger.warn({ err: error }, 'search runs could not be looked through'),
      );
      timer ??= startSrchTmr({ srch: mod, logger });
      return timer;
    },
    stop: async () => {
      stopping.abort();
      await timer?.stop();
      await Promise.allSettled(inFlight);
    },
  };
  return mod;
}
