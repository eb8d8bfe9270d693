import { defineEvent, type EventOf } from '../define-event.ts';
import { exampleProfile, userProfile } from './profile.ts';

export const userProfileChanged = defineEvent({
  type: 'newscience.user.ProfileChanged.v1',
  when: 'The name, role or status of an account has changed.',
  data: userProfile,
  subject: ({ id }) => id,
  example: {
    id: '0f8fad5b-d9cb-469f-a165-70867728950e/0-1A2B3C',
    source: 'urn:newscience:legacy',
    time: '2026-03-05T10:00:00.000Z',
    data: { ...exampleProfile, role: 'contributor' },
  },
});

export type UserProfileChanged = EventOf<typeof userProfileChanged>;
