import { defineEvent, type EventOf } from '../define-event.ts';
import { articleContent, exampleArticle } from './content.ts';

export const articlePublished = defineEvent({
  type: 'newscience.article.Published.v1',
  when: 'An article has become readable for everyone: for the first time, or again after a withdrawal.',
  data: articleContent,
  subject: ({ id }) => id,
  example: {
    id: 'ns-why-the-sky-is-blue/3',
    source: 'urn:newscience:legacy',
    time: '2026-03-02T06:00:00.000Z',
    data: exampleArticle,
  },
});

export type ArticlePublished = EventOf<typeof articlePublished>;
