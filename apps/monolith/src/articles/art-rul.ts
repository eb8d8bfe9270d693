import type { PoolClient } from 'pg';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { ArtErr, ArtPut, ArtRec } from './art-int.ts';
import { selectByRef } from './art-sql.ts';
import { sectionExists } from './art-wrt.ts';
import type { Article, Completeness, Standing } from './domain/article.ts';
import type { Content } from './domain/content.ts';
import { checkContent } from './domain/content.ts';

function standingOf(rec: ArtRec): Standing {
  if (rec.sts === 'E' && rec.embTs) return { sts: 'E', embTs: rec.embTs };
  if (rec.sts === 'P' && rec.pubTs) return { sts: 'P', pubTs: rec.pubTs };
  if (rec.sts === 'W' && rec.wdrTs) return { sts: 'W', pubTs: rec.pubTs, wdrTs: rec.wdrTs };
  return { sts: 'D' };
}

export function completenessOf({ bdy, auts }: { bdy: string; auts: string[] }): Completeness {
  return { hasBody: bdy !== '', hasAuthors: auts.length > 0 };
}

/** A record as the rules see it. */
export function articleOf(rec: ArtRec): Article {
  return { rev: rec.rev, standing: standingOf(rec), ...completenessOf(rec) };
}

export function unknownArticle(artRef: string): ArtErr {
  return { code: 'article_not_found', detail: `There is no article ${artRef}.` };
}

/** The content as it is kept, or all that is wrong with it. */
export function checkedContent(put: ArtPut): Result<Content, ArtErr> {
  const content = checkContent(put);
  if (content.ok) return content;
  return err({
    code: 'validation_failed',
    detail: 'The article is not right yet.',
    faults: content.error,
  });
}

export async function knownSection(
  client: PoolClient,
  sectCd: string,
): Promise<Result<null, ArtErr>> {
  if (await sectionExists(client, sectCd)) return ok(null);
  return err({
    code: 'article_section_unknown',
    detail: `There is no section ${sectCd}.`,
    faults: [
      {
        pointer: '/sectCd',
        value: sectCd,
        problem: 'is unknown',
        remedy: 'use the code of a section',
      },
    ],
  });
}

/** What the transaction has just written, as it is now. */
export async function present(client: PoolClient, artRef: string): Promise<Result<ArtRec, ArtErr>> {
  const rec = await selectByRef(client, artRef);
  return rec ? ok(rec) : err(unknownArticle(artRef));
}
