import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { withTransaction } from '@newscience/service-kit/postgres';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import { readCursor, writeCursor } from '../cursor.ts';
import { importArt } from './art-imp.ts';
import type { ArtErr, ArtFlt, ArtInt, ArtPg, ArtPut, ArtRec } from './art-int.ts';
import {
  articleOf,
  checkedContent,
  completenessOf,
  knownSection,
  present,
  unknownArticle,
} from './art-rul.ts';
import * as read from './art-sql.ts';
import type { Written } from './art-wrt.ts';
import * as write from './art-wrt.ts';
import type { Command } from './domain/article.ts';
import { decide } from './domain/article.ts';
import { isReference } from './domain/text.ts';
import { slugOf } from './domain/slug.ts';

/** `now` is the clock, for tests. */
export type ArtDeps = { pool: Pool; now?: () => Date };

type Answer<T> = Result<T, ArtErr>;

const place = z.tuple([z.int(), z.int().positive()]);

function checkedRef(artRef: string): Answer<string> {
  if (isReference(artRef)) return ok(artRef);
  const fault = {
    pointer: '/artRef',
    value: artRef.slice(0, 100),
    problem: 'has the wrong form',
    remedy: 'use a-z, 0-9, dot, underscore, hyphen',
  };
  return err({
    code: 'validation_failed',
    detail: 'The id of the article is not right.',
    faults: [fault],
  });
}

async function insertFree(
  client: PoolClient,
  put: ArtPut,
  written: Written,
  usrId: number | null,
  now: Date,
): Promise<string | null> {
  if (put.artRef !== undefined) {
    return (await write.insertArt(client, put.artRef, written, usrId, now)) ? put.artRef : null;
  }
  const slug = slugOf(written.content.ttl, 80, 'article');
  for (let n = 1; ; n += 1) {
    const suffix = n === 1 ? '' : n < 10 ? `-${n}` : `-${randomBytes(4).toString('hex')}`;
    if (await write.insertArt(client, slug + suffix, written, usrId, now)) return slug + suffix;
  }
}

async function create(
  client: PoolClient,
  put: ArtPut,
  usrId: number | null,
  now: Date,
): Promise<Answer<ArtRec>> {
  const content = checkedContent(put);
  if (!content.ok) return content;
  const section = await knownSection(client, content.value.sectCd);
  if (!section.ok) return section;
  const written: Written = { content: content.value, standing: { sts: 'D' }, rev: 1 };
  const artRef = await insertFree(client, put, written, usrId, now);
  if (artRef !== null) return present(client, artRef);
  return err({
    code: 'article_id_taken',
    detail: `There is an article ${put.artRef ?? ''} already.`,
  });
}

async function update(
  client: PoolClient,
  artRef: string,
  put: ArtPut,
  rev: number,
  now: Date,
): Promise<Answer<ArtRec>> {
  const content = checkedContent(put);
  if (!content.ok) return content;
  const before = isReference(artRef) ? await write.lockArt(client, artRef) : null;
  if (!before) return err(unknownArticle(artRef));
  const decision = decide(articleOf(before), {
    do: 'update',
    rev,
    ...completenessOf(content.value),
  });
  if (!decision.ok) return decision;
  const section = await knownSection(client, content.value.sectCd);
  if (!section.ok) return section;
  await write.updateArt(client, before, { content: content.value, ...decision.value }, now);
  return present(client, artRef);
}

type Move = Exclude<Command, { do: 'update' | 'import' }>;

async function move(client: PoolClient, artRef: string, command: Move): Promise<Answer<ArtRec>> {
  const before = isReference(artRef) ? await write.lockArt(client, artRef) : null;
  if (!before) return err(unknownArticle(artRef));
  const decision = decide(articleOf(before), command);
  if (!decision.ok) return decision;
  await write.updateStanding(
    client,
    before.artId,
    decision.value.rev,
    decision.value.standing,
    command.now,
  );
  return present(client, artRef);
}

async function list(
  pool: Pool,
  flt: ArtFlt,
  lim: number,
  cur: string | null,
): Promise<Answer<ArtPg>> {
  const scope = `art:${JSON.stringify([flt.sectCd, flt.topNm, flt.autNm, flt.ownUsrId, [...(flt.sts ?? ['P'])].sort()])}`;
  const key = cur === null ? null : readCursor(scope, cur, place);
  if (cur !== null && key === null) {
    return err({
      code: 'cursor_invalid',
      detail: 'This cursor does not belong to this list; start again without one.',
    });
  }
  const hdrs = await read.selectList(pool, flt, lim + 1, key && { ms: key[0], artId: key[1] });
  const itms = hdrs.slice(0, lim);
  const last = itms.at(-1);
  const more = hdrs.length > lim && last !== undefined;
  return ok({
    itms,
    nxt: more ? writeCursor(scope, [(last.pubTs ?? last.crtTs).getTime(), last.artId]) : null,
  });
}

// No name that the database cannot hold is looked for in it.
const storable = (texts: (string | undefined)[]) => texts.every((text) => !text?.includes('\0'));

/** The articles module over its tables. */
export function createArt({ pool, now = () => new Date() }: ArtDeps): ArtInt {
  const inOne = <T>(work: (client: PoolClient) => Promise<T>) => withTransaction(pool, work);
  const known = (artRefs: string[]) => read.selectHdrsByRef(pool, artRefs.filter(isReference));
  return {
    getArt: async (artRef) => (isReference(artRef) ? read.selectByRef(pool, artRef) : null),
    getArtById: (artId) => read.selectById(pool, artId),
    getHdr: async (artRef) => (await known([artRef]))[0] ?? null,
    getHdrs: (artIds) => read.selectHdrs(pool, artIds),
    getHdrsByRef: known,
    lstArt: async (flt, lim, cur) => {
      if (!storable([flt.sectCd, flt.topNm, flt.autNm])) return ok({ itms: [], nxt: null });
      return list(pool, flt, lim, cur);
    },
    lstNew: (sectCds, topNms, frm, til, lim) =>
      read.selectNew(pool, sectCds, topNms, frm, til, lim),
    crtArt: async (put, usrId) => {
      const ref = put.artRef === undefined ? ok('') : checkedRef(put.artRef);
      return ref.ok ? inOne((client) => create(client, put, usrId, now())) : ref;
    },
    updArt: (artRef, put, rev) => inOne((client) => update(client, artRef, put, rev, now())),
    pubArt: (artRef, rev, pubTs) =>
      inOne((client) =>
        move(client, artRef, { do: 'publish', rev, pubTs: pubTs ?? null, now: now() }),
      ),
    schArt: (artRef, rev, embTs) =>
      inOne((client) => move(client, artRef, { do: 'schedule', rev, embTs, now: now() })),
    wdrArt: (artRef, rev) =>
      inOne((client) => move(client, artRef, { do: 'withdraw', rev, now: now() })),
    impArt: async (put, pubTs) => {
      const ref = checkedRef(put.artRef);
      return ref.ok ? inOne((client) => importArt(client, put, pubTs, now())) : ref;
    },
    lstSect: () => read.selectSections(pool),
    lstTop: (lim) => read.selectTopics(pool, lim),
    hasTop: async (topNm) => storable([topNm]) && read.topicExists(pool, topNm),
    getAut: async (autNm) => (storable([autNm]) ? read.selectAuthor(pool, autNm) : null),
    ensSect: (sectNm) => write.ensureSection(pool, sectNm.trim(), slugOf(sectNm, 60, 'section')),
  };
}
