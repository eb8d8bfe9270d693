import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Logger } from '@newscience/service-kit/logging';
import type { ArtHdr, ArtInt } from '../articles/art-int.ts';
import type { DgstDay, DgstInt } from './dgst-int.ts';
import * as sql from './dgst-sql.ts';
import { bounds, chooseNew, dayOf, dueDay, dueTime, retryAt, searchFrom } from './domain/digest.ts';
import { mailTextOf } from './mail-text.ts';
import type { Mail, Mailer, MailFault } from './mailer.ts';

/** `at` is `HH:MM` in UTC; `now` is the clock, for tests. */
export type DgstDeps = {
  pool: Pool;
  art: ArtInt;
  mailer: Mailer;
  siteUrl: string;
  at: string;
  logger: Logger;
  now?: () => Date;
};

/** More are not looked at; what is beyond is named in no digest. */
const mostNew = 500;

/** The digest module over its tables. */
export function createDigest({
  pool,
  art,
  mailer,
  siteUrl,
  at,
  logger,
  now = () => new Date(),
}: DgstDeps): DgstInt {
  const site = siteUrl.replace(/\/+$/, '');

  async function newFor(claim: sql.Claim): Promise<ArtHdr[]> {
    const followed = await sql.selectFollowed(pool, claim.usrId);
    if (followed.length === 0) return [];
    const from = searchFrom(followed, await sql.selectLast(pool, claim.usrId), claim.til);
    const values = (knd: 'S' | 'T') =>
      followed.filter((item) => item.knd === knd).map(({ val }) => val);
    const candidates = await art.lstNew(values('S'), values('T'), from, claim.til, mostNew);
    return chooseNew(followed, candidates, await sql.selectNamed(pool, claim.usrId, from));
  }

  function mailFor(claim: sql.Claim, to: sql.Subscriber, hdrs: ArtHdr[]): Mail {
    const unsubscribeUrl = `${site}/unsubscribe/${to.unsTok}`;
    const text = mailTextOf({ nm: to.nm, dy: claim.dy, hdrs, siteUrl: site, unsubscribeUrl });
    const key = `digest-${claim.dy}-${to.usrRef}`;
    return { key, to: { name: to.nm, address: to.eml }, ...text, unsubscribeUrl };
  }

  async function failed(claim: sql.Claim, from: 'C' | 'T', fault: MailFault): Promise<void> {
    const about = { usrId: claim.usrId, day: claim.dy, attempt: claim.att, problem: fault.detail };
    if (fault.kind === 'unknown') {
      logger.error(about, 'digest handed over but not confirmed, it is not sent again');
      await sql.markUnknown(pool, claim, fault.detail);
      return;
    }
    const next = fault.permanent ? null : retryAt(claim.att, now());
    if (next === null) logger.error(about, 'digest given up');
    else logger.warn({ ...about, next }, 'digest not sent, trying again');
    await sql.markFailed(pool, claim, from, fault.detail, next);
  }

  async function work(claim: sql.Claim): Promise<void> {
    const to = await sql.selectSubscriber(pool, claim.usrId);
    const hdrs = to ? await newFor(claim) : [];
    if (!to || hdrs.length === 0) {
      await sql.markNothing(pool, claim);
      return;
    }
    const ids = hdrs.map(({ artId }) => artId);
    // Whoever lost the row meanwhile stops here, before the mail.
    if (!(await sql.markHandedOver(pool, claim, ids, now()))) return;
    const sent = await mailer.send(mailFor(claim, to, hdrs));
    if (sent.ok) await sql.markSent(pool, claim, now());
    else await failed(claim, 'T', sent.error);
  }

  async function workThrough(day: string, stop?: AbortSignal): Promise<void> {
    const stale = () => new Date(now().getTime() - bounds.leaseMs);
    await sql.settleLeftovers(pool, day, stale(), mailer.mayRepeat, bounds.attempts);
    while (stop?.aborted !== true) {
      const claim = await sql.claimNext(pool, day, randomUUID(), now(), stale());
      if (!claim) return;
      try {
        await work(claim);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        await failed(claim, 'C', { kind: 'refused', permanent: false, detail });
      }
    }
  }

  async function summary(day: string): Promise<DgstDay> {
    const found = (await sql.selectDays(pool, 2)).find(({ dy }) => dy === day);
    return found ?? { dy: day, opn: 0, snt: 0, non: 0, fld: 0, unk: 0 };
  }

  return {
    async tckDgst(stop) {
      const day = dueDay(now(), at);
      if (day === null) return;
      await sql.enrol(pool, day, dueTime(day, at), now());
      await workThrough(day, stop);
    },
    async runDgst() {
      const day = dayOf(now());
      await sql.enrol(pool, day, now(), now());
      await workThrough(day);
      return summary(day);
    },
    lstDgst: (lim) => sql.selectDays(pool, lim),
    lstDgstFlt: (lim) => sql.selectFaults(pool, lim),
  };
}

/**
 * Looks every `everyMs` (default 30 s) whether the digest is due.
 * @returns stops that, after the mail that is being sent
 */
export function startDigest(options: {
  dgst: DgstInt;
  logger: Logger;
  everyMs?: number;
}): () => Promise<void> {
  const { dgst, logger, everyMs = 30_000 } = options;
  const stop = new AbortController();
  let running: Promise<void> | null = null;
  const tick = () => {
    running ??= dgst
      .tckDgst(stop.signal)
      .catch((error: unknown) =>
        logger.error({ err: error }, 'the digest job failed, it goes on at the next tick'),
      )
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(tick, everyMs);
  timer.unref();
  tick();
  return async () => {
    clearInterval(timer);
    stop.abort();
    await running;
  };
}
