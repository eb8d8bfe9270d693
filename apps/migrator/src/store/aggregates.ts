import type { LegacyRow } from '@newscience/anti-corruption-layer/legacy-tables';
import type { Rejection } from '@newscience/anti-corruption-layer/rejection';
import type { Published } from '@newscience/anti-corruption-layer/published';
import type pg from 'pg';
import { z } from 'zod';

type Db = Pick<pg.ClientBase, 'query'>;

/** Planned once for each connection. */
const named = (name: string, text: string): pg.QueryConfig => ({ name, text });

export type Kind = 'article' | 'comment' | 'user';

/** An aggregate's own row in the mirror with its parts, as JSON. */
export type LiveAggregate<R> = {
  readonly key: string;
  readonly subject: string;
  readonly rows: R;
};

const legacyRow: z.ZodType<LegacyRow> = z.record(z.string(), z.string().nullable());
const live = { key: z.string(), subject: z.string().nullable() };
const articleRow = z.object({
  ...live,
  art: legacyRow,
  sect: legacyRow.nullable(),
  authors: z.array(legacyRow),
  topics: z.array(legacyRow),
  related: z.array(legacyRow),
});
const commentRow = z.object({
  ...live,
  cmt: legacyRow,
  art: z.object({ art_ref: z.string().nullable() }).nullable(),
  parent: z.object({ cmt_ref: z.string().nullable() }).nullable(),
  usr: z.object({ usr_ref: z.string().nullable(), nm: z.string().nullable() }).nullable(),
});
const userRow = z.object({ ...live, usr: legacyRow });

/** A row is wanted for its key, or because it is what a row that was told under one of the keys is now. */
const wanted = (relation: string, kind: Kind): string => `
m.epoch = $1 AND m.relation = '${relation}' AND (m.key = ANY ($2)
  OR m.subject IN (SELECT p.subject FROM published p WHERE p.kind = '${kind}' AND p.legacy_key = ANY ($2)))`;

const parts = (relation: string): string => `
coalesce((SELECT jsonb_agg(x.content) FROM mirror x
  WHERE x.epoch = $1 AND x.relation = '${relation}' AND x.parent = m.key), '[]')`;

const one = (relation: string, key: string, columns: string): string => `
(SELECT ${columns} FROM mirror x WHERE x.epoch = $1 AND x.relation = '${relation}' AND x.key = ${key})`;

const selectArticles = `
SELECT m.key, m.subject, m.content AS art, ${one('sect', 'm.parent', 'x.content')} AS sect,
  ${parts('art_aut')} AS authors, ${parts('art_top')} AS topics, ${parts('art_rel')} AS related
FROM mirror m WHERE ${wanted('art', 'article')}`;

const selectComments = `
SELECT m.key, m.subject, m.content AS cmt,
  ${one('art', "m.content->>'art_id'", "jsonb_build_object('art_ref', x.subject)")} AS art,
  ${one('cmt', "m.content->>'par_id'", "jsonb_build_object('cmt_ref', x.subject)")} AS parent,
  ${one('usr', "m.content->>'usr_id'", "jsonb_build_object('usr_ref', x.subject, 'nm', x.content->>'nm')")} AS usr
FROM mirror m WHERE ${wanted('cmt', 'comment')}`;

const selectUsers = `SELECT m.key, m.subject, m.content AS usr FROM mirror m WHERE ${wanted('usr', 'user')}`;

export async function loadArticles(db: Db, epoch: number, keys: readonly string[]) {
  const { rows } = await db.query(named('selectArticles', selectArticles), [epoch, keys]);
  return z.array(articleRow).parse(rows);
}

export async function loadComments(db: Db, epoch: number, keys: readonly string[]) {
  const { rows } = await db.query(named('selectComments', selectComments), [epoch, keys]);
  return z.array(commentRow).parse(rows);
}

export async function loadUsers(db: Db, epoch: number, keys: readonly string[]) {
  const { rows } = await db.query(named('selectUsers', selectUsers), [epoch, keys]);
  return z.array(userRow).parse(rows);
}

const publishedRow = z.object({
  subject: z.string(),
  legacy_key: z.string(),
  status: z.string(),
  revision: z.number(),
  ahead: z.number(),
  fingerprint: z.string(),
  data: z.unknown(),
});

const selectPublished = `
SELECT subject, legacy_key, status, revision, ahead, fingerprint,
  CASE WHEN subject = ANY ($4) THEN NULL ELSE data END AS data
FROM published WHERE kind = $1 AND (legacy_key = ANY ($2) OR subject = ANY ($3))`;

export type PublishedAggregate = Published & {
  readonly subject: string;
  readonly legacyKey: string;
};

/** What was told of aggregates, found by legacy key or subject. Data of `withoutData` stays where it is: it may be large. */
export async function loadPublished(
  db: Db,
  kind: Kind,
  by: {
    readonly keys: readonly string[];
    readonly subjects: readonly string[];
    readonly withoutData: readonly string[];
  },
): Promise<PublishedAggregate[]> {
  const { rows } = await db.query(named('selectPublished', selectPublished), [
    kind,
    by.keys,
    by.subjects,
    by.withoutData,
  ]);
  return z
    .array(publishedRow)
    .parse(rows)
    .map(({ legacy_key: legacyKey, ...row }) => ({ ...row, legacyKey }));
}

const upsertPublished = `
INSERT INTO published (kind, subject, legacy_key, status, revision, ahead, fingerprint, data)
SELECT $1, subject, legacy_key, status, revision, ahead, fingerprint, data::jsonb
FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[], $8::text[])
  AS given (subject, legacy_key, status, revision, ahead, fingerprint, data)
ON CONFLICT (kind, subject) DO UPDATE SET legacy_key = excluded.legacy_key, status = excluded.status,
  revision = excluded.revision, ahead = excluded.ahead, fingerprint = excluded.fingerprint, data = excluded.data`;

export async function savePublished(
  db: Db,
  kind: Kind,
  {
    told,
    forgotten,
    moved,
  }: {
    readonly told: readonly PublishedAggregate[];
    readonly forgotten: readonly string[];
    /** Nothing to tell, but the subject has another legacy row now. */
    readonly moved: readonly { readonly subject: string; readonly key: string }[];
  },
): Promise<void> {
  if (told.length > 0)
    await db.query(named('upsertPublished', upsertPublished), [
      kind,
      told.map(({ subject }) => subject),
      told.map(({ legacyKey }) => legacyKey),
      told.map(({ status }) => status),
      told.map(({ revision }) => revision),
      told.map(({ ahead }) => ahead),
      told.map(({ fingerprint }) => fingerprint),
      told.map(({ data }) => (data === null ? null : JSON.stringify(data))),
    ]);
  if (forgotten.length > 0)
    await db.query('DELETE FROM published WHERE kind = $1 AND subject = ANY ($2)', [
      kind,
      forgotten,
    ]);
  for (const { subject, key } of moved)
    await db.query('UPDATE published SET legacy_key = $3 WHERE kind = $1 AND subject = $2', [
      kind,
      subject,
      key,
    ]);
}

/** So much content is handled at once; an article may have half a megabyte. */
const MOST_BYTES = 1024 * 1024;
/** An article that is gone may have been large. */
const ASSUMED_BYTES = 64 * 1024;
const FEW = 8;

/** Cuts keys into parts of bounded content. */
export async function splitBySize(
  db: Db,
  epoch: number,
  kind: Kind,
  keys: readonly string[],
): Promise<readonly (readonly string[])[]> {
  if (keys.length === 0) return [];
  if (kind !== 'article' || keys.length <= FEW) return [keys];
  const { rows } = await db.query<{ key: string; bytes: number }>(
    `SELECT key, bytes FROM mirror WHERE epoch = $1 AND relation = 'art' AND key = ANY ($2)`,
    [epoch, keys],
  );
  const sizes = new Map(rows.map(({ key, bytes }) => [key, bytes]));
  const parts: string[][] = [[]];
  let bytes = 0;
  for (const key of keys) {
    const size = sizes.get(key) ?? ASSUMED_BYTES;
    if (bytes > 0 && bytes + size > MOST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(key);
    bytes += size;
  }
  return parts;
}

export type RejectedAggregate = {
  readonly key: string;
  readonly subject: string | null;
  readonly rejection: Rejection;
};

const upsertRejected = `
INSERT INTO rejected (kind, legacy_key, subject, code, detail, faults)
SELECT $1, legacy_key, subject, code, detail, faults::jsonb
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  AS given (legacy_key, subject, code, detail, faults)
ON CONFLICT (kind, legacy_key) DO UPDATE SET subject = excluded.subject, code = excluded.code,
  detail = excluded.detail, faults = excluded.faults, last_at = clock_timestamp()`;

/** Lists what cannot be told, and takes from the list what can be told again or is gone. */
export async function saveRejected(
  db: Db,
  kind: Kind,
  rejected: readonly RejectedAggregate[],
  inOrder: readonly string[],
): Promise<void> {
  if (inOrder.length > 0)
    await db.query('DELETE FROM rejected WHERE kind = $1 AND legacy_key = ANY ($2)', [
      kind,
      inOrder,
    ]);
  if (rejected.length === 0) return;
  await db.query(upsertRejected, [
    kind,
    rejected.map(({ key }) => key),
    rejected.map(({ subject }) => subject),
    rejected.map(({ rejection }) => rejection.code),
    rejected.map(({ rejection }) => rejection.detail),
    rejected.map(({ rejection }) => JSON.stringify(rejection.faults)),
  ]);
}
