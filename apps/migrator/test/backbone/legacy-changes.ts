import type { SeededRandom } from '@newscience/testing/seeded-random';
import type pg from 'pg';

/** One change of one article: what it does within a transaction, and whether others hear of it. */
export type Change = {
  readonly ref: string;
  readonly apply: (client: pg.ClientBase) => Promise<Written>;
};

export type Written = {
  readonly ref: string;
  readonly revision: number;
  /** Whether an event has to tell of it: not of drafts. */
  readonly told: 'Published' | 'Updated' | 'Withdrawn' | undefined;
};

/** As the migrator names the event that tells of a change. */
export const changeName = ({ ref, revision }: Pick<Written, 'ref' | 'revision'>): string =>
  `${ref}/${revision}`;

type Row = { readonly art_id: number; readonly sts: string };
type Status = 'D' | 'P' | 'W';

const SECTIONS = ['space', 'life'] as const;

/** The sections that articles of the drill stand in. */
export async function ensureSections(db: Pick<pg.ClientBase, 'query'>): Promise<void> {
  for (const section of SECTIONS)
    await db.query(
      'INSERT INTO sect (sect_cd, sect_nm) VALUES ($1, $2) ON CONFLICT (sect_cd) DO NOTHING',
      [section, `About ${section}`],
    );
}

/**
 * A change such as editors make, in the statements that the monolith sends: the article's row, then its authors,
 * then its topics. New articles begin as drafts or published; published ones are changed or withdrawn; withdrawn
 * ones come back.
 */
export function changeOf(ref: string, n: number, random: SeededRandom): Change {
  const [chance, size] = [random.next(), random.below(4000)];
  const section = random.pick(SECTIONS);
  const parts = 1 + random.below(3);
  const content = {
    ...{ title: `${ref} for the ${n}th time`, section },
    body: `As of ${n}.\n\n${'Light is scattered by small things. '.repeat(size / 36)}`,
    topics: Array.from({ length: parts }, (_, index) => `topic ${n % 7} ${index}`),
    authors: Array.from({ length: parts }, (_, index) => `Author ${(n + index) % 5}`),
  };
  return {
    ref,
    apply: async (client) => {
      const { rows } = await client.query<Row>(
        'SELECT art_id, sts FROM art WHERE art_ref = $1 FOR UPDATE',
        [ref],
      );
      const before = rows[0];
      const to = nextStatus(before?.sts, chance);
      const written = await client.query<{ art_id: number; rev: number }>(
        `INSERT INTO art (art_ref, ttl, kick, smry, bdy, sect_cd, sts, pub_ts, wdr_ts)
         VALUES ($1, $2, 'Drill', $3, $4, $5, $6::char(1),
           CASE WHEN $6::char(1) <> 'D' THEN now() END, CASE WHEN $6::char(1) = 'W' THEN now() END)
         ON CONFLICT (art_ref) DO UPDATE SET ttl = $2, smry = $3, bdy = $4, sect_cd = $5, sts = $6::char(1),
           pub_ts = coalesce(art.pub_ts, excluded.pub_ts), wdr_ts = excluded.wdr_ts, rev = art.rev + 1,
           upd_ts = now()
         RETURNING art_id, rev`,
        [ref, content.title, `Summary ${n}`, content.body, content.section, to],
      );
      const row = written.rows[0];
      if (row === undefined) throw new Error('nothing was written');
      await replace(client, 'art_aut', 'aut_nm', row.art_id, content.authors);
      await replace(client, 'art_top', 'top_nm', row.art_id, content.topics);
      return { ref, revision: row.rev, told: told(before?.sts, to) };
    },
  };
}

function nextStatus(from: string | undefined, chance: number): Status {
  if (from === 'P') return chance < 0.12 ? 'W' : 'P';
  if (from === 'W') return 'P';
  return chance < 0.2 ? 'D' : 'P';
}

function told(from: string | undefined, to: Status): Written['told'] {
  if (to === 'D') return undefined;
  if (to === 'W') return 'Withdrawn';
  return from === 'P' ? 'Updated' : 'Published';
}

async function replace(
  client: pg.ClientBase,
  table: 'art_aut' | 'art_top',
  column: 'aut_nm' | 'top_nm',
  artId: number,
  names: readonly string[],
): Promise<void> {
  await client.query(`DELETE FROM ${table} WHERE art_id = $1`, [artId]);
  await client.query(
    `INSERT INTO ${table} (art_id, seq, ${column})
     SELECT $1, seq, name FROM unnest($2::text[]) WITH ORDINALITY AS given (name, seq)`,
    [artId, names],
  );
}
