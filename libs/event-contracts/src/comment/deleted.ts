import { defineEvent, type EventOf } from '../define-event.ts';
import { commentContent, exampleComment } from './content.ts';

const { id, articleId, parentId, postedAt } = exampleComment;

export const commentDeleted = defineEvent({
  type: 'newscience.comment.Deleted.v1',
  when: 'A comment has been deleted by its writer, or with its article; neither text nor name may be kept.',
  data: commentContent.omit({ text: true, author: true }),
  subject: (data) => data.id,
  example: {
    id: `${id}/deleted`,
    source: 'urn:newscience:legacy',
    time: '2026-03-03T19:02:00.000Z',
    data: { id, articleId, parentId, postedAt },
  },
});

export type CommentDeleted = EventOf<typeof commentDeleted>;
