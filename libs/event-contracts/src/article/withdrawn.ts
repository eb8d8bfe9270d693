import { z } from 'zod';

import { defineEvent, type EventOf } from '../define-event.ts';
import { articleContent, exampleArticle } from './content.ts';

export const articleWithdrawn = defineEvent({
  type: 'newscience.article.Withdrawn.v1',
  when: 'A published article has been taken back: it must no longer be shown, found or listed.',
  data: articleContent.extend({ withdrawnAt: z.iso.datetime() }),
  subject: ({ id }) => id,
  example: {
    id: 'ns-why-the-sky-is-blue/5',
    source: 'urn:newscience:legacy',
    time: '2026-03-04T17:30:00.000Z',
    data: {
      ...exampleArticle,
      revision: 5,
      updatedAt: '2026-03-04T17:30:00.000Z',
      withdrawnAt: '2026-03-04T17:30:00.000Z',
    },
  },
});

export type ArticleWithdrawn = EventOf<typeof articleWithdrawn>;
