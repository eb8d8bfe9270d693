import type { Fault } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';

/** V visible, H hidden by an editor, X deleted by its writer (a placeholder above replies). */
export type CmtSts = 'V' | 'H' | 'X';

/**
 * `usrRef` is null and `nm` "deleted user" when the account is gone. `txt` is empty for X, and for H
 * unless it was asked for with hidden texts. `parRef` is null at the top of a thread.
 */
export type CmtRec = {
  cmtId: number;
  cmtRef: string;
  artId: number;
  usrRef: string | null;
  nm: string;
  parRef: string | null;
  txt: string;
  sts: CmtSts;
  crtTs: Date;
};

/** In the order of the discussion: threads oldest first, each followed by its replies. `tot` counts visible ones. */
export type CmtPg = { itms: CmtRec[]; nxt: string | null; tot: number };

/** `top` is null where a page starts in the middle of a thread. */
export type CmtThr = { top: CmtRec | null; rpls: CmtRec[] };

/** A reported comment that waits for an editor, most reports first. */
export type RptRec = {
  cmt: CmtRec;
  artRef: string;
  ttl: string;
  cnt: number;
  rsns: string[];
  lstTs: Date;
};

export type CmtErr = {
  code:
    | 'validation_failed'
    | 'cursor_invalid'
    | 'article_not_found'
    | 'article_withdrawn'
    | 'comment_not_found'
    | 'comment_reply_too_deep'
    | 'comment_rate_exceeded'
    | 'comment_own_report'
    | 'comment_already_reported'
    | 'comment_not_own';
  detail: string;
  faults?: Fault[];
  retryable?: boolean;
  retryAfterSeconds?: number;
};

export interface CmtInt {
  /**
   * One page of the discussion under an article. `lim` 1 to 200.
   * @param hidTxt whether texts of hidden comments are shown (editors); hidden ones without replies are listed only then
   */
  lstCmt(
    artId: number,
    lim: number,
    cur: string | null,
    hidTxt?: boolean,
  ): Promise<Result<CmtPg, CmtErr>>;
  /** Visible comments per article; every id asked for is in the map. */
  cntCmt(artIds: number[]): Promise<Map<number, number>>;
  /**
   * Writes under a published article; `parRef` must be a comment at the top of a thread of the same
   * article. 1 to 5,000 characters after trimming, 10 comments in any 60 s per user.
   */
  addCmt(
    artRef: string,
    usrId: number,
    txt: string,
    parRef: string | null,
  ): Promise<Result<CmtRec, CmtErr>>;
  /** Deletes a user's own comment; one with replies leaves a placeholder without text or name. */
  delCmt(cmtRef: string, usrId: number): Promise<Result<null, CmtErr>>;
  /** Once per user and comment; `rsn` 1 to 500 characters. */
  rptCmt(cmtRef: string, usrId: number, rsn: string): Promise<Result<null, CmtErr>>;
  /** Hides a comment and closes its reports; hiding twice is no error. */
  hidCmt(cmtRef: string, usrId: number): Promise<Result<null, CmtErr>>;
  /** Closes the reports of a comment that may stay, and shows it again if it was hidden. */
  clrCmt(cmtRef: string): Promise<Result<null, CmtErr>>;
  /** Comments with open reports; `lim` 1 to 100. */
  lstRpt(lim: number): Promise<RptRec[]>;
}
