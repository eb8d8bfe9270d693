import type pg from 'pg';

/** An article as the legacy database has it now, in the shape of the event's content. */
export type LegacyArticle = {
  readonly id: string;
  readonly revision: number;
  /** D draft, P published, W withdrawn. */
  readonly status: string;
  readonly title: string;
  readonly kicker: string | null;
  readonly summary: string | null;
  readonly body: string;
  readonly section: string;
  readonly topics: readonly string[];
  readonly authors: readonly string[];
};

const select = `
SELECT a.art_ref AS id, a.rev AS revision, a.sts AS status, a.ttl AS title, a.kick AS kicker, a.smry AS summary,
  a.bdy AS body, a.sect_cd AS section,
  ARRAY(SELECT top_nm FROM art_top t WHERE t.art_id = a.art_id ORDER BY seq) AS topics,
  ARRAY(SELECT aut_nm FROM art_aut u WHERE u.art_id = a.art_id ORDER BY seq) AS authors
FROM art a`;

/** Those that are or were published, or the ones that are named. */
export async function legacyArticles(
  db: Pick<pg.ClientBase, 'query'>,
  refs?: readonly string[],
): Promise<LegacyArticle[]> {
  const { rows } = await db.query<LegacyArticle>(
    refs === undefined
      ? `${select} WHERE a.sts IN ('P', 'W') ORDER BY a.art_ref`
      : `${select} WHERE a.art_ref = ANY ($1)`,
    refs === undefined ? [] : [refs],
  );
  return rows;
}
