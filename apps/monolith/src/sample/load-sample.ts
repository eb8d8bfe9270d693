import type { Logger } from '@newscience/service-kit/logging';
import type { Pool } from 'pg';

import { insUsr, usrByEml } from '../accounts/usr-sql.ts';
import type { ArtInt } from '../articles/art-int.ts';
import { createArt } from '../articles/art-mod.ts';
import { createCmt } from '../comments/cmt-mod.ts';
import type { CmtInt } from '../comments/cmt-int.ts';
import { createSrch } from '../search/srch-mod.ts';
import type { SampleComment, SampleFiles, SamplePerson } from './sample-files.ts';

const LOADED_KEY = 'smpl_ts';
const LOCK_KEY = 'smpl_ld';
const roles = { reader: 'R', contributor: 'C', editor: 'E' } as const;

/** Longest list of comments that is asked for; the sample has fewer on one article. */
const MOST_COMMENTS = 200;

export type Loaded =
  | { outcome: 'loaded'; articles: number; people: number; comments: number }
  | { outcome: 'loaded-before' };

/**
 * Brings the sample into an empty site, once in the life of its database, and builds the search index. A
 * load that was broken off is completed by the next. People get no password, so nobody logs in as them.
 */
export async function loadSample(
  { pool, logger }: { pool: Pool; logger: Logger },
  sample: SampleFiles,
): Promise<Loaded> {
  const guard = await pool.connect();
  try {
    await guard.query('SELECT pg_advisory_lock(hashtext($1))', [LOCK_KEY]);
    const before = await guard.query('SELECT 1 FROM cfg WHERE ky = $1', [LOADED_KEY]);
    if (before.rowCount === 1) return { outcome: 'loaded-before' };

    const art = createArt({ pool });
    const sections = new Map<string, string>();
    for (const { put, sectNm, pubTs } of sample.articles) {
      const sectCd = sections.get(sectNm) ?? (await art.ensSect(sectNm));
      sections.set(sectNm, sectCd);
      given(await art.impArt({ ...put, sectCd }, pubTs));
    }
    const usrIds = await loadPeople(pool, sample.people);
    await loadComments({ pool, art }, sample.comments, usrIds);
    // Somebody else's run would do as well.
    await createSrch({ pool, art, logger, ivlMs: 0 }).runBatch('S');
    await guard.query('INSERT INTO cfg (ky, val) VALUES ($1, now()::text)', [LOADED_KEY]);
    return {
      outcome: 'loaded',
      articles: sample.articles.length,
      people: sample.people.length,
      comments: sample.comments.length,
    };
  } finally {
    // Ends the session, and with it the lock.
    guard.release(true);
  }
}

async function loadPeople(pool: Pool, people: SamplePerson[]): Promise<Map<string, number>> {
  const usrIds = new Map<string, number>();
  for (const { name, email, role } of people) {
    await insUsr(pool, { eml: email, nm: name, pwdHsh: null, rol: roles[role] });
    const usr = await usrByEml(pool, email);
    if (usr !== null) usrIds.set(email, usr.usrId);
  }
  return usrIds;
}

async function loadComments(
  { pool, art }: { pool: Pool; art: ArtInt },
  comments: SampleComment[],
  usrIds: ReadonlyMap<string, number>,
): Promise<void> {
  let at = new Date(0);
  const cmt = createCmt({ pool, art, now: () => at });
  const present = await presentComments(cmt, art, comments);
  const refs: string[] = [];
  for (const { articleId, email, text, at: written, replyTo } of comments) {
    at = new Date(written);
    const usrId = usrIds.get(email);
    if (usrId === undefined)
      throw new Error(`The sample has a comment by ${email}, who is none of its people.`);
    const parRef = replyTo === undefined ? null : (refs[replyTo] ?? null);
    const known = present.get(keyOf(articleId, at, text));
    refs.push(known ?? given(await cmt.addCmt(articleId, usrId, text, parRef)).cmtRef);
  }
}

/** What a load that was broken off has written already. */
async function presentComments(
  cmt: CmtInt,
  art: ArtInt,
  comments: SampleComment[],
): Promise<Map<string, string>> {
  const present = new Map<string, string>();
  const hdrs = await art.getHdrsByRef([...new Set(comments.map(({ articleId }) => articleId))]);
  for (const { artId, artRef } of hdrs) {
    const page = given(await cmt.lstCmt(artId, MOST_COMMENTS, null, true));
    for (const { txt, crtTs, cmtRef } of page.itms) present.set(keyOf(artRef, crtTs, txt), cmtRef);
  }
  return present;
}

const keyOf = (artRef: string, at: Date, txt: string): string =>
  JSON.stringify([artRef, at.getTime(), txt.trim()]);

function given<T>(
  result:
    | { ok: true; value: T }
    | { ok: false; error: { code: string; detail: string; faults?: unknown } },
): T {
  if (result.ok) return result.value;
  const { code, detail, faults } = result.error;
  throw new Error(`The sample was refused: ${code}: ${detail} ${JSON.stringify(faults ?? [])}`);
}
