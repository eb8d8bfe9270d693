import type { Pool, PoolClient } from 'pg';
import type { ArtRec, ArtSts } from './art-int.ts';
import type { Standing } from './domain/article.ts';
import type { Content } from './domain/content.ts';
import { keywordSeparator } from './domain/text.ts';
import { selectByRef } from './art-sql.ts';

/** An article's name, content and standing as it is to be written. */
export type Written = { content: Content; standing: Standing; rev: number };

type StandingColumns = [sts: ArtSts, embTs: Date | null, pubTs: Date | null, wdrTs: Date | null];

function columnsOf(standing: Standing): StandingColumns {
  switch (standing.sts) {
    case 'D':
      return ['D', null, null, null];
    case 'E':
      return ['E', standing.embTs, null, null];
    case 'P':
      return ['P', null, standing.pubTs, null];
    case 'W':
      return ['W', null, standing.pubTs, standing.wdrTs];
  }
}

const contentColumns = (content: Content) => [
  content.ttl,
  content.kick,
  content.smry,
  content.bdy,
  content.sectCd,
  content.typ,
  content.bdyKnd,
  content.srcNm,
  content.srcUrl,
  content.licNm,
  content.licUrl,
  content.kwd.join(keywordSeparator),
];

const lists = {
  auts: ['art_aut', 'aut_nm'],
  tops: ['art_top', 'top_nm'],
  rels: ['art_rel', 'rel_ref'],
} as const;

async function insertNames(
  client: PoolClient,
  artId: number,
  list: keyof typeof lists,
  names: string[],
): Promise<void> {
  if (names.length === 0) return;
  const [table, column] = lists[list];
  await client.query(
    `insert into ${table} (art_id, seq, ${column}) select $1::int, n.seq, n.nm from unnest($2::text[]) with ordinality n (nm, seq)`,
    [artId, names],
  );
}

async function replaceNames(client: PoolClient, before: ArtRec, after: Content): Promise<void> {
  for (const list of ['auts', 'tops', 'rels'] as const) {
    // Rows that stay as they are make no change event.
    if (before[list].join('\n') === after[list].join('\n')) continue;
    await client.query(`delete from ${lists[list][0]} where art_id = $1`, [before.artId]);
    await insertNames(client, before.artId, list, after[list]);
  }
}

/** Takes the article's row lock for the rest of the transaction and reads it as it is then. */
export async function lockArt(client: PoolClient, artRef: string): Promise<ArtRec | null> {
  const { rowCount } = await client.query('select 1 from art where art_ref = $1 for update', [
    artRef,
  ]);
  // Read by a second statement: the first one's snapshot may be older than the lock.
  return rowCount === 0 ? null : selectByRef(client, artRef);
}

export async function sectionExists(client: PoolClient, sectCd: string): Promise<boolean> {
  return (await client.query('select 1 from sect where sect_cd = $1', [sectCd])).rowCount === 1;
}

/** False when the id is taken; then nothing was written. */
export async function insertArt(
  client: PoolClient,
  artRef: string,
  written: Written,
  usrId: number | null,
  now: Date,
): Promise<boolean> {
  const { rows } = await client.query<{ art_id: number }>(
    `insert into art (ttl, kick, smry, bdy, sect_cd, typ, bdy_knd, src_nm, src_url, lic_nm, lic_url, kwd,
       sts, emb_ts, pub_ts, wdr_ts, rev, art_ref, own_usr_id, crt_ts, upd_ts)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
     on conflict (art_ref) do nothing returning art_id`,
    [
      ...contentColumns(written.content),
      ...columnsOf(written.standing),
      written.rev,
      artRef,
      usrId,
      now,
    ],
  );
  const artId = rows[0]?.art_id;
  if (artId === undefined) return false;
  await insertNames(client, artId, 'auts', written.content.auts);
  await insertNames(client, artId, 'tops', written.content.tops);
  await insertNames(client, artId, 'rels', written.content.rels);
  return true;
}

/** Writes over an article that this transaction has locked. */
export async function updateArt(
  client: PoolClient,
  before: ArtRec,
  written: Written,
  now: Date,
): Promise<void> {
  await client.query(
    `update art set ttl = $1, kick = $2, smry = $3, bdy = $4, sect_cd = $5, typ = $6, bdy_knd = $7, src_nm = $8,
       src_url = $9, lic_nm = $10, lic_url = $11, kwd = $12, sts = $13, emb_ts = $14, pub_ts = $15, wdr_ts = $16,
       rev = $17, upd_ts = $18
     where art_id = $19`,
    [
      ...contentColumns(written.content),
      ...columnsOf(written.standing),
      written.rev,
      now,
      before.artId,
    ],
  );
  await replaceNames(client, before, written.content);
}

/** Moves an article that this transaction has locked, leaving its content alone. */
export async function updateStanding(
  client: PoolClient,
  artId: number,
  rev: number,
  standing: Standing,
  now: Date,
): Promise<void> {
  await client.query(
    'update art set sts = $1, emb_ts = $2, pub_ts = $3, wdr_ts = $4, rev = $5, upd_ts = $6 where art_id = $7',
    [...columnsOf(standing), rev, now, artId],
  );
}

/** The code under which a section of this name is kept, made of `slug` when it is new. */
export async function ensureSection(pool: Pool, sectNm: string, slug: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const known = await pool.query<{ sect_cd: string }>(
      'select sect_cd from sect where sect_nm = $1',
      [sectNm],
    );
    if (known.rows[0]) return known.rows[0].sect_cd;
    // Two names may make one slug; two processes may bring one name.
    const code = n === 1 ? slug : `${slug}-${n}`;
    await pool.query('insert into sect (sect_cd, sect_nm) values ($1, $2) on conflict do nothing', [
      code,
      sectNm,
    ]);
  }
}
