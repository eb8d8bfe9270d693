/** A day's mails by what became of them. */
export type DgstDay = {
  /** `2026-03-01`, UTC. */
  dy: string;
  /** Waiting for their first or next try, or being sent. */
  opn: number;
  snt: number;
  /** Nothing new, no mail. */
  non: number;
  /** Given up. */
  fld: number;
  /** Handed to the mail server, which never confirmed; not sent again, so that nobody gets two. */
  unk: number;
};

/** A mail that needs attention: tried and not sent yet, given up, or without a confirmation. */
export type DgstFlt = {
  dy: string;
  usrRef: string;
  emlMsk: string;
  sts: 'P' | 'F' | 'U';
  att: number;
  /** Null when it is not tried again. */
  nxtTs: Date | null;
  err: string;
};

export interface DgstInt {
  /**
   * Sends the digest of the scheduled day if it is due and what is left of it; the job calls it again and
   * again. Any number of instances may do so at once.
   * @param stop ends the work after the mail that is being sent
   */
  tckDgst(stop?: AbortSignal): Promise<void>;
  /** Sends today's digest now, to those who have not got it, with what is new up to this moment. */
  runDgst(): Promise<DgstDay>;
  /** The latest days, newest first; `lim` 1 to 100. */
  lstDgst(lim: number): Promise<DgstDay[]>;
  /** Newest first; `lim` 1 to 100. */
  lstDgstFlt(lim: number): Promise<DgstFlt[]>;
}
