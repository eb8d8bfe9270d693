import { defineEvent, type EventOf } from '../define-event.ts';
import { commentContent, exampleComment } from './content.ts';

export const commentRestored = defineEvent({
  type: 'newscience.comment.Restored.v1',
  when: 'An editor has let a hidden comment be shown again.',
  data: commentContent,
  subject: ({ id }) => id,
  example: {
    id: '5f0c2b44-0d0b-4a52-9a55-6b7a0f6f9d10/restored',
    source: 'urn:newscience:legacy',
    time: '2026-03-02T08:30:00.000Z',
    data: exampleComment,
  },
});

export type CommentRestored = EventOf<typeof commentRestored>;
