import { z } from 'zod';
import { paging } from '../articles/schemas.ts';
import { checkText, limits } from './domain/comment.ts';

const text = (max: number) =>
  z
    .string()
    .superRefine((value, context) => {
      const checked = checkText('', value, max);
      if (checked.ok) return;
      const { problem, remedy } = checked.error;
      context.addIssue({ code: 'custom', message: problem, params: { remedy } });
    })
    .meta({ description: `Plain text, 1 to ${max} characters` });

export const commentInputSchema = z
  .strictObject({
    text: text(limits.text),
    parentId: z
      .uuid()
      .nullish()
      .meta({ description: 'The comment at the top of a thread that this answers' }),
  })
  .meta({ id: 'CommentInput' });

export const reportInputSchema = z.strictObject({ reason: text(limits.reason) });

export const commentSchema = z
  .strictObject({
    id: z.uuid(),
    articleId: z.string(),
    parentId: z.uuid().nullable(),
    author: z.strictObject({ id: z.uuid().nullable(), name: z.string() }),
    text: z.string().meta({ description: 'Empty when deleted or hidden' }),
    status: z.enum(['visible', 'hidden', 'deleted']),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Comment' });

export const commentPageSchema = z
  .strictObject({
    items: z.array(commentSchema),
    nextCursor: z.string().nullable(),
    total: z.int().meta({ description: 'Visible comments of the article' }),
  })
  .meta({ id: 'CommentPage' });

export const reportedSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        comment: commentSchema,
        articleTitle: z.string(),
        reports: z.int(),
        reasons: z.array(z.string()).meta({ description: 'The first 20' }),
        lastReportedAt: z.iso.datetime(),
      }),
    ),
    nextCursor: z.null(),
  })
  .meta({ id: 'ReportedComments' });

export const commentPath = z.strictObject({ id: z.uuid() });
export const commentListQuery = z.strictObject(paging);
export const reportedQuery = z.strictObject({ limit: paging.limit });
