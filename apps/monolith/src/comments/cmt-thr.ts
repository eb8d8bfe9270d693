import type { CmtRec, CmtThr } from './cmt-int.ts';

/** A page of a discussion as threads. Replies whose top is on the page before form a thread without a top. */
export function threads(itms: CmtRec[]): CmtThr[] {
  const found: CmtThr[] = [];
  let ref: string | null = null;
  for (const itm of itms) {
    const top = itm.parRef ?? itm.cmtRef;
    let thread = found.at(-1);
    if (!thread || top !== ref) {
      thread = { top: null, rpls: [] };
      found.push(thread);
      ref = top;
    }
    if (itm.parRef === null) thread.top = itm;
    else thread.rpls.push(itm);
  }
  return found;
}
