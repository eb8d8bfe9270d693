import { articleContent, type ArticleContent } from '@newscience/event-contracts/article/content';
import { z } from 'zod';

import { integer, timestamp } from '../columns.ts';
import type { LegacyRow } from '../legacy-tables.ts';
import { rejected, translated, type Translated, unreadable } from '../rejection.ts';

/** An article's row with what belongs to it from other tables. */
export type ArticleRows = {
  readonly art: LegacyRow;
  readonly sect: LegacyRow | null;
  /** In any order. */
  readonly authors: readonly LegacyRow[];
  readonly topics: readonly LegacyRow[];
  readonly related: readonly LegacyRow[];
};

/** What the legacy database says about an article now; the revision is the row's own. */
export type ArticleState =
  | { readonly status: 'published'; readonly content: ArticleContent }
  | {
      readonly status: 'withdrawn';
      readonly content: ArticleContent;
      readonly withdrawnAt: string | null;
    }
  /** Never published, or in such a state again. */
  | { readonly status: 'unpublished'; readonly revision: number; readonly updatedAt: string };

const text = z.string();
const artRow = z.object({
  art_ref: text,
  ttl: text,
  kick: text.nullable(),
  smry: text.nullable(),
  bdy: text,
  sect_cd: text,
  sts: z.enum(['D', 'E', 'P', 'W']),
  pub_ts: timestamp.nullable(),
  wdr_ts: timestamp.nullable(),
  upd_ts: timestamp,
  rev: integer,
  typ: text.nullable(),
  bdy_knd: text.nullable(),
  src_nm: text.nullable(),
  src_url: text.nullable(),
  lic_nm: text.nullable(),
  lic_url: text.nullable(),
  kwd: text,
});
const sectRow = z.object({ sect_cd: text, sect_nm: text });
const listed = (column: string) => z.object({ seq: integer, [column]: text });

/** Reads an article's rows; a row that cannot be told is a rejection, never an error. */
export function translateArticle(rows: ArticleRows): Translated<ArticleState> {
  const art = artRow.safeParse(rows.art);
  if (!art.success) return unreadable('art', art.error);
  const row = art.data;
  if (row.sts === 'D' || row.sts === 'E') return translated(unpublished(row));
  // An article may be withdrawn without ever having been published.
  if (row.sts === 'W' && row.pub_ts === null) return translated(unpublished(row));

  const sect = sectRow.safeParse(rows.sect);
  if (!sect.success)
    return rejected('reference_missing', `The section of ${row.art_ref} is not there.`);
  const authors = namesIn(rows.authors, 'art_aut', 'aut_nm');
  if (!authors.ok) return authors;
  const topics = namesIn(rows.topics, 'art_top', 'top_nm');
  if (!topics.ok) return topics;
  const related = namesIn(rows.related, 'art_rel', 'rel_ref');
  if (!related.ok) return related;

  const content = articleContent.safeParse({
    id: row.art_ref,
    revision: row.rev,
    title: row.ttl,
    kicker: row.kick,
    summary: row.smry,
    body: row.bdy,
    section: { code: sect.data.sect_cd, name: sect.data.sect_nm },
    topics: topics.value,
    authors: authors.value,
    keywords: row.kwd === '' ? [] : row.kwd.split('|'),
    related: related.value,
    type: row.typ,
    bodyKind: row.bdy_knd,
    source: linked(row.src_nm, row.src_url),
    licence: linked(row.lic_nm, row.lic_url),
    publishedAt: row.pub_ts,
    updatedAt: row.upd_ts,
  } satisfies Record<keyof ArticleContent, unknown>);
  if (!content.success)
    // A withdrawal is told in any case: of a content that was told before.
    return row.sts === 'W' ? translated(unpublished(row)) : unreadable('art', content.error);
  return translated(
    row.sts === 'P'
      ? { status: 'published', content: content.data }
      : { status: 'withdrawn', content: content.data, withdrawnAt: row.wdr_ts },
  );
}

const unpublished = (row: z.output<typeof artRow>): ArticleState => ({
  status: 'unpublished',
  revision: row.rev,
  updatedAt: row.upd_ts,
});

function namesIn(
  rows: readonly LegacyRow[],
  table: string,
  column: string,
): Translated<readonly string[]> {
  const named: { seq: number; name: string }[] = [];
  for (const row of rows) {
    const read = listed(column).safeParse(row);
    if (!read.success) return unreadable(table, read.error);
    named.push({ seq: Number(read.data['seq']), name: String(read.data[column]) });
  }
  return translated(named.sort((a, b) => a.seq - b.seq).map(({ name }) => name));
}

const linked = (name: string | null, url: string | null) =>
  name === null && url === null ? null : { name, url };
