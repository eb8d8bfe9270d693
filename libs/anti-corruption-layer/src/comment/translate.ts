import { commentContent, type CommentContent } from '@newscience/event-contracts/comment/content';
import { z } from 'zod';

import { timestamp } from '../columns.ts';
import type { LegacyRow } from '../legacy-tables.ts';
import { rejected, translated, type Translated, unreadable } from '../rejection.ts';

/** A comment's row with the rows that it points to. */
export type CommentRows = {
  readonly cmt: LegacyRow;
  readonly art: { readonly art_ref: string | null } | null;
  readonly parent: { readonly cmt_ref: string | null } | null;
  readonly usr: { readonly usr_ref: string | null; readonly nm: string | null } | null;
};

export type CommentState =
  | { readonly status: 'visible' | 'hidden'; readonly content: CommentContent }
  /** Its text and writer are gone; the row holds the place of a comment that was answered. */
  | { readonly status: 'erased' };

const cmtRow = z.object({
  cmt_ref: z.string(),
  usr_id: z.string().nullable(),
  par_id: z.string().nullable(),
  txt: z.string(),
  sts: z.enum(['V', 'H', 'X']),
  crt_ts: timestamp,
});

/** Reads a comment's rows; one that cannot be told is a rejection, never an error. */
export function translateComment(rows: CommentRows): Translated<CommentState> {
  const cmt = cmtRow.safeParse(rows.cmt);
  if (!cmt.success) return unreadable('cmt', cmt.error);
  const row = cmt.data;
  if (row.sts === 'X') return translated({ status: 'erased' });
  if (rows.art === null) return missing(row.cmt_ref, 'article');
  if (row.par_id !== null && rows.parent === null) return missing(row.cmt_ref, 'parent');
  if (row.usr_id !== null && rows.usr === null) return missing(row.cmt_ref, 'writer');
  const content = commentContent.safeParse({
    id: row.cmt_ref,
    articleId: rows.art.art_ref,
    parentId: rows.parent?.cmt_ref ?? null,
    author: rows.usr === null ? null : { id: rows.usr.usr_ref, name: rows.usr.nm },
    text: row.txt,
    postedAt: row.crt_ts,
  } satisfies Record<keyof CommentContent, unknown>);
  if (!content.success) return unreadable('cmt', content.error);
  return translated({ status: row.sts === 'V' ? 'visible' : 'hidden', content: content.data });
}

const missing = (id: string, what: string) =>
  rejected('reference_missing', `The ${what} of comment ${id} is not there.`);
