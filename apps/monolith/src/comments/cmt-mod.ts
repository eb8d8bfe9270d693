import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { withTransaction } from '@newscience/service-kit/postgres';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { ArtInt } from '../articles/art-int.ts';
import { hiddenAs } from '../articles/art-rgt.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import type { CmtErr, CmtInt, CmtPg, CmtRec, RptRec } from './cmt-int.ts';
import * as sql from './cmt-sql.ts';
import type { TextFault } from './domain/comment.ts';
import { checkText, limits, replyRefusal } from './domain/comment.ts';

/** `now` is the clock, for tests. */
export type CmtDeps = { pool: Pool; art: ArtInt; now?: () => Date };

type Answer<T> = Result<T, CmtErr>;

const place = z.tuple([z.int().positive(), z.int().positive()]);
const refPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const details = {
  article_not_found: 'There is no such article.',
  article_withdrawn: 'The article was withdrawn.',
  comment_not_found: 'There is no such comment.',
  comment_reply_too_deep: 'A reply cannot be answered; answer the comment above it.',
  comment_not_own: 'Only its writer can delete a comment.',
  comment_own_report: 'Nobody reports an own comment; delete it instead.',
  comment_already_reported: 'You have reported this comment already.',
} as const;

const refused = (code: keyof typeof details) => err<CmtErr>({ code, detail: details[code] });

const invalid = (fault: TextFault) =>
  err<CmtErr>({
    code: 'validation_failed',
    detail: `The text ${fault.problem}; ${fault.remedy}.`,
    faults: [fault],
  });

const tooFast = (waitMs: number) =>
  err<CmtErr>({
    code: 'comment_rate_exceeded',
    detail: `At most ${limits.perWindow} comments in ${limits.windowMs / 1000} seconds.`,
    retryable: true,
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });

/** A locked comment that is still there. */
async function lockPresent(client: PoolClient, cmtRef: string): Promise<sql.Held | null> {
  const held = refPattern.test(cmtRef) ? await sql.lockCmt(client, cmtRef, 'change') : null;
  return held?.sts === 'X' ? null : held;
}

type Draft = { artId: number; usrId: number; txt: string; parRef: string | null; now: Date };

async function add(client: PoolClient, draft: Draft): Promise<Answer<CmtRec>> {
  let parId: number | null = null;
  if (draft.parRef !== null) {
    const held = refPattern.test(draft.parRef)
      ? await sql.lockCmt(client, draft.parRef, 'answer')
      : null;
    const parent = held && { articleId: held.artId, isReply: held.parId !== null, sts: held.sts };
    const refusal = replyRefusal(parent, draft.artId);
    if (refusal) return refused(refusal);
    parId = held?.cmtId ?? null;
  }
  const waitMs = await sql.takeTurn(
    client,
    draft.usrId,
    draft.now,
    limits.perWindow,
    limits.windowMs,
  );
  if (waitMs > 0) return tooFast(waitMs);
  const rec = await sql.selectOne(client, await sql.insertCmt(client, { ...draft, parId }));
  return rec ? ok(rec) : refused('comment_not_found');
}

async function list(
  pool: Pool,
  artId: number,
  lim: number,
  cur: string | null,
  hidTxt: boolean,
): Promise<Answer<CmtPg>> {
  const scope = `cmt:${artId}`;
  const key = cur === null ? null : readCursor(scope, cur, place);
  if (cur !== null && key === null) {
    return err({
      code: 'cursor_invalid',
      detail: 'This cursor does not belong to this list; start again without one.',
    });
  }
  const found = await sql.selectPage(
    pool,
    artId,
    lim + 1,
    key && { topId: key[0], cmtId: key[1] },
    hidTxt,
  );
  const shown = found.slice(0, lim);
  const last = shown.at(-1);
  const nxt =
    found.length > lim && last ? writeCursor(scope, [last.place.topId, last.place.cmtId]) : null;
  const tot = (await sql.countVisible(pool, [artId])).get(artId) ?? 0;
  return ok({ itms: shown.map(({ rec }) => rec), nxt, tot });
}

async function reported(pool: Pool, art: ArtInt, lim: number): Promise<RptRec[]> {
  const found = await sql.selectReported(pool, lim);
  const hdrs = await art.getHdrs([...new Set(found.map(({ cmt }) => cmt.artId))]);
  const byId = new Map(hdrs.map((hdr) => [hdr.artId, hdr]));
  return found.flatMap((rpt) => {
    const hdr = byId.get(rpt.cmt.artId);
    return hdr ? [{ ...rpt, artRef: hdr.artRef, ttl: hdr.ttl }] : [];
  });
}

/** The comments module over its tables. */
export function createCmt({ pool, art, now = () => new Date() }: CmtDeps): CmtInt {
  const inOne = <T>(work: (client: PoolClient) => Promise<T>) => withTransaction(pool, work);
  return {
    lstCmt: (artId, lim, cur, hidTxt = false) => list(pool, artId, lim, cur, hidTxt),
    cntCmt: (artIds) => sql.countVisible(pool, artIds),
    addCmt: async (artRef, usrId, given, parRef) => {
      const txt = checkText('/txt', given, limits.text);
      if (!txt.ok) return invalid(txt.error);
      const hdr = await art.getHdr(artRef);
      if (hdr?.sts !== 'P') return refused(hdr ? hiddenAs(hdr) : 'article_not_found');
      return inOne((client) =>
        add(client, { artId: hdr.artId, usrId, txt: txt.value, parRef, now: now() }),
      );
    },
    delCmt: (cmtRef, usrId) =>
      inOne(async (client) => {
        const held = await lockPresent(client, cmtRef);
        if (!held) return refused('comment_not_found');
        if (held.usrId !== usrId) return refused('comment_not_own');
        await sql.eraseCmt(client, held);
        return ok(null);
      }),
    rptCmt: (cmtRef, usrId, given) => {
      const rsn = checkText('/rsn', given, limits.reason);
      if (!rsn.ok) return Promise.resolve(invalid(rsn.error));
      return inOne(async (client) => {
        const held = await lockPresent(client, cmtRef);
        if (held?.sts !== 'V') return refused('comment_not_found');
        if (held.usrId === usrId) return refused('comment_own_report');
        const made = await sql.insertReport(client, held.cmtId, usrId, rsn.value, now());
        return made ? ok(null) : refused('comment_already_reported');
      });
    },
    hidCmt: (cmtRef, usrId) =>
      inOne(async (client) => {
        const held = await lockPresent(client, cmtRef);
        if (!held) return refused('comment_not_found');
        await sql.setHidden(client, held.cmtId, usrId, now());
        return ok(null);
      }),
    clrCmt: (cmtRef) =>
      inOne(async (client) => {
        const held = await lockPresent(client, cmtRef);
        if (!held) return refused('comment_not_found');
        await sql.setHidden(client, held.cmtId, null, now());
        return ok(null);
      }),
    lstRpt: (lim) => reported(pool, art, lim),
  };
}
