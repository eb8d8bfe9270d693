import type { PoolClient } from 'pg';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { ArtErr, ArtImp, ArtPut, ArtRec } from './art-int.ts';
import {
  articleOf,
  checkedContent,
  completenessOf,
  knownSection,
  present,
  unknownArticle,
} from './art-rul.ts';
import { insertArt, lockArt, updateArt } from './art-wrt.ts';
import { decide, notThereYet } from './domain/article.ts';
import type { Content } from './domain/content.ts';
import { sameContent } from './domain/content.ts';

type Given = { artRef: string; content: Content; pubTs: Date; now: Date };
type Answer = Result<ArtImp, ArtErr>;

const command = ({ content, pubTs, now }: Given) =>
  ({ do: 'import', pubTs, now, ...completenessOf(content) }) as const;

async function written(
  client: PoolClient,
  artRef: string,
  outcome: ArtImp['outcome'],
): Promise<Answer> {
  const rec = await present(client, artRef);
  return rec.ok ? ok({ outcome, rec: rec.value }) : rec;
}

/** Null when somebody else made the article meanwhile. */
async function bringNew(client: PoolClient, given: Given): Promise<Answer | null> {
  const decision = decide(notThereYet, command(given));
  if (!decision.ok) return decision;
  const section = await knownSection(client, given.content.sectCd);
  if (!section.ok) return section;
  const made = await insertArt(
    client,
    given.artRef,
    { content: given.content, ...decision.value },
    null,
    given.now,
  );
  return made ? written(client, given.artRef, 'created') : null;
}

async function bringOver(client: PoolClient, given: Given, before: ArtRec): Promise<Answer> {
  const decision = decide(articleOf(before), command(given));
  if (!decision.ok) return decision;
  const sameDate = before.pubTs?.getTime() === given.pubTs.getTime();
  if (sameDate && sameContent(before, given.content))
    return ok({ outcome: 'unchanged', rec: before });
  const section = await knownSection(client, given.content.sectCd);
  if (!section.ok) return section;
  await updateArt(client, before, { content: given.content, ...decision.value }, given.now);
  return written(client, given.artRef, 'updated');
}

/** One line of an import, in the caller's transaction; see `ArtInt.impArt`. */
export async function importArt(
  client: PoolClient,
  put: ArtPut & { artRef: string },
  pubTs: Date,
  now: Date,
): Promise<Answer> {
  const content = checkedContent(put);
  if (!content.ok) return content;
  const given: Given = { artRef: put.artRef, content: content.value, pubTs, now };
  const before = await lockArt(client, put.artRef);
  if (before) return bringOver(client, given, before);
  const brought = await bringNew(client, given);
  if (brought) return brought;
  const other = await lockArt(client, put.artRef);
  return other ? bringOver(client, given, other) : err(unknownArticle(put.artRef));
}
