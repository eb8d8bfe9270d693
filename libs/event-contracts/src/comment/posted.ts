import { defineEvent, type EventOf } from '../define-event.ts';
import { commentContent, exampleComment } from './content.ts';

export const commentPosted = defineEvent({
  type: 'newscience.comment.Posted.v1',
  when: 'A reader has written a comment under an article.',
  data: commentContent,
  subject: ({ id }) => id,
  example: {
    id: '5f0c2b44-0d0b-4a52-9a55-6b7a0f6f9d10/posted',
    source: 'urn:newscience:legacy',
    time: exampleComment.postedAt,
    data: exampleComment,
  },
});

export type CommentPosted = EventOf<typeof commentPosted>;
