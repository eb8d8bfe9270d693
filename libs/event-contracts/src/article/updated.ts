import { defineEvent, type EventOf } from '../define-event.ts';
import { articleContent, exampleArticle } from './content.ts';

export const articleUpdated = defineEvent({
  type: 'newscience.article.Updated.v1',
  when: 'The content of a published article has changed.',
  data: articleContent,
  subject: ({ id }) => id,
  example: {
    id: 'ns-why-the-sky-is-blue/4',
    source: 'urn:newscience:legacy',
    time: '2026-03-02T09:12:44.120Z',
    data: {
      ...exampleArticle,
      revision: 4,
      summary: 'Small molecules scatter short waves about ten times as much as long ones.',
      updatedAt: '2026-03-02T09:12:44.120Z',
    },
  },
});

export type ArticleUpdated = EventOf<typeof articleUpdated>;
