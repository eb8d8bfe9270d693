import { z } from 'zod';

import { articleId } from '../article/content.ts';

/** What every comment event carries: the whole comment as it is after the event. */
export const commentContent = z.object({
  id: z.uuid(),
  articleId,
  parentId: z.uuid().nullable().meta({ description: 'Of the comment answered; null at the top.' }),
  author: z
    .object({ id: z.uuid(), name: z.string() })
    .nullable()
    .meta({ description: 'Under the name that readers see; null where the account is gone.' }),
  text: z.string().min(1).max(5000),
  postedAt: z.iso.datetime(),
});

export type CommentContent = z.output<typeof commentContent>;

export const exampleComment: CommentContent = {
  id: '5f0c2b44-0d0b-4a52-9a55-6b7a0f6f9d10',
  articleId: 'ns-why-the-sky-is-blue',
  parentId: null,
  author: { id: '0f8fad5b-d9cb-469f-a165-70867728950e', name: 'Ines' },
  text: 'And why is it not violet?',
  postedAt: '2026-03-02T07:15:09.310Z',
};
