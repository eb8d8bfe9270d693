import { defineEvent, type EventOf } from '../define-event.ts';
import { exampleProfile, userProfile } from './profile.ts';

export const userRemoved = defineEvent({
  type: 'newscience.user.Removed.v1',
  when: 'An account has been deleted: what is stored about the person elsewhere must go too.',
  data: userProfile.pick({ id: true }),
  subject: ({ id }) => id,
  example: {
    id: '0f8fad5b-d9cb-469f-a165-70867728950e/removed',
    source: 'urn:newscience:legacy',
    time: '2026-04-01T08:00:00.000Z',
    data: { id: exampleProfile.id },
  },
});

export type UserRemoved = EventOf<typeof userRemoved>;
