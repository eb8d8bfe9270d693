import type { SrchRun, SrchSts, SrchTrg } from './srch-int.ts';

/** A row of srch_run as pg hands it over: bigint columns are strings. */
export type RunRow = {
  run_id: string;
  trg: SrchTrg;
  sts: SrchSts;
  sta_ts: Date;
  idx_ts: Date | null;
  end_ts: Date | null;
  art_cnt: number;
  row_rd: string;
  row_wr: string;
  wal_byt: string;
  err: string | null;
};

export const RUN_COLUMNS =
  'run_id, trg, sts, sta_ts, idx_ts, end_ts, art_cnt, row_rd, row_wr, wal_byt, err';

export function toRun(row: RunRow): SrchRun {
  return {
    runId: Number(row.run_id),
    trg: row.trg,
    sts: row.sts,
    staTs: row.sta_ts,
    idxTs: row.idx_ts,
    endTs: row.end_ts,
    artCnt: row.art_cnt,
    rowRd: Number(row.row_rd),
    rowWr: Number(row.row_wr),
    walByt: Number(row.wal_byt),
    err: row.err,
  };
}
