import { defineEvent, type EventOf } from '../define-event.ts';
import { commentContent, exampleComment } from './content.ts';

export const commentUpdated = defineEvent({
  type: 'newscience.comment.Updated.v1',
  when: 'What readers see of a comment has changed: its text, or its writer has no account any more, so that no name may be kept.',
  data: commentContent,
  subject: ({ id }) => id,
  example: {
    id: '5f0c2b44-0d0b-4a52-9a55-6b7a0f6f9d10/updated-2',
    source: 'urn:newscience:legacy',
    time: '2026-04-01T08:00:00.000Z',
    data: { ...exampleComment, author: null },
  },
});

export type CommentUpdated = EventOf<typeof commentUpdated>;
