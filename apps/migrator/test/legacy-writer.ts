import type pg from 'pg';

type Db = Pick<pg.Pool, 'query'>;

export async function addSection(db: Db, code = 'physics', name = 'Physics'): Promise<void> {
  await db.query('INSERT INTO sect (sect_cd, sect_nm) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    code,
    name,
  ]);
}

export async function addUser(db: Db, name: string): Promise<{ id: number; ref: string }> {
  const mail = `${name.toLowerCase()}@reader.example`;
  const { rows } = await db.query<{ id: number; ref: string }>(
    `INSERT INTO usr (eml, eml_lc, nm, pwd_hsh) VALUES ($1, $1, $2, 'secret-hash') RETURNING usr_id AS id, usr_ref AS ref`,
    [mail, name],
  );
  return one(rows);
}

export type ArticleWish = {
  readonly ref: string;
  readonly title?: string;
  readonly body?: string;
  readonly status?: 'D' | 'E' | 'P' | 'W';
  readonly authors?: readonly string[];
};

/** An article and its list of authors, in one statement and so in one transaction. */
export async function addArticle(db: Db, wish: ArticleWish): Promise<number> {
  const { ref, title = `Title of ${ref}`, body = `Body of ${ref}` } = wish;
  const { rows } = await db.query<{ id: number }>(
    `WITH a AS (
       INSERT INTO art (art_ref, ttl, bdy, sect_cd, sts, pub_ts, emb_ts, wdr_ts, kwd)
       VALUES ($1, $2, $3, 'physics', $4::text, CASE WHEN $4::text IN ('P', 'W') THEN now() END,
         CASE WHEN $4::text = 'E' THEN now() END, CASE WHEN $4::text = 'W' THEN now() END, 'one|two')
       RETURNING art_id),
     l AS (
       INSERT INTO art_aut (art_id, seq, aut_nm)
       SELECT art_id, n, nm FROM a, unnest($5::text[]) WITH ORDINALITY AS t (nm, n))
     SELECT art_id AS id FROM a`,
    [ref, title, body, wish.status ?? 'P', wish.authors ?? ['Ada']],
  );
  return one(rows).id;
}

export async function addComment(
  db: Db,
  wish: { articleId: number; userId: number; text: string; parentId?: number },
): Promise<{ id: number; ref: string }> {
  const { rows } = await db.query<{ id: number; ref: string }>(
    'INSERT INTO cmt (art_id, usr_id, par_id, txt) VALUES ($1, $2, $3, $4) RETURNING cmt_id AS id, cmt_ref AS ref',
    [wish.articleId, wish.userId, wish.parentId ?? null, wish.text],
  );
  return one(rows);
}

export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

function one<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return row;
}
