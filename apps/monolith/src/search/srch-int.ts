import type { Result } from '@newscience/service-kit/result';

import type { ArtHdr } from '../articles/art-int.ts';

/** Who started a run: the hour, somebody's demand, or the loading of the sample. */
export type SrchTrg = 'H' | 'D' | 'S';

/** Running, ok, failed, or killed (found unfinished with nobody holding its lock). */
export type SrchSts = 'R' | 'O' | 'F' | 'K';

export type SrchRun = {
  runId: number;
  trg: SrchTrg;
  sts: SrchSts;
  staTs: Date;
  /** When its words became the ones that are searched; null until then. */
  idxTs: Date | null;
  endTs: Date | null;
  artCnt: number;
  rowRd: number;
  rowWr: number;
  /** Bytes of write-ahead log the whole server wrote between start and end. */
  walByt: number;
  err: string | null;
};

export type SrchHit = { hdr: ArtHdr; scr: number };

export type SrchPg = {
  itms: SrchHit[];
  /** Hits in the index, less those that this page found to be no longer published. */
  tot: number;
  nxt: string | null;
  /** When the index that answered was built; null if there is none yet. */
  idxTs: Date | null;
};

export type SrchErr =
  | { code: 'cursor_invalid'; detail: string }
  | { code: 'search_batch_running'; detail: string; retryable: true }
  | { code: 'search_batch_done'; detail: string };

/** A run that was started: its row so far, and its row when it has ended (never rejects). */
export type SrchBeg = { run: SrchRun; end: Promise<SrchRun> };

/** The interval of the batch in ms (0 = off), and whether it was set at run time. */
export type SrchIvl = { ivlMs: number; isSet: boolean };

export interface SrchInt {
  /** Published articles with any of the words of `q`, best first. `lim` 1 to 100. */
  find(q: string, lim: number, cur: string | null): Promise<Result<SrchPg, SrchErr>>;
  /** Starts the batch and returns while it runs. `snc` = not if a run was started since (`search_batch_done`). */
  begBatch(trg: SrchTrg, snc?: Date): Promise<Result<SrchBeg, SrchErr>>;
  /** Runs the batch and returns when it has ended, well or not: see `sts`. */
  runBatch(trg: SrchTrg, snc?: Date): Promise<Result<SrchRun, SrchErr>>;
  getRun(runId: number): Promise<SrchRun | null>;
  /** Newest first; `bef` = only runs with a smaller id. */
  lstRun(lim: number, bef?: number): Promise<SrchRun[]>;
  getIvl(): Promise<SrchIvl>;
  /** null = back to the interval that the service was started with. */
  setIvl(ivlMs: number | null): Promise<SrchIvl>;
}
