import { defineEvent, type EventOf } from '../define-event.ts';
import { commentContent, exampleComment } from './content.ts';

export const commentHidden = defineEvent({
  type: 'newscience.comment.Hidden.v1',
  when: 'An editor has hidden a comment: its text must no longer be shown.',
  data: commentContent,
  subject: ({ id }) => id,
  example: {
    id: '5f0c2b44-0d0b-4a52-9a55-6b7a0f6f9d10/hidden',
    source: 'urn:newscience:legacy',
    time: '2026-03-02T08:00:00.000Z',
    data: exampleComment,
  },
});

export type CommentHidden = EventOf<typeof commentHidden>;
