import { defineEvent, type EventOf } from '../define-event.ts';
import { exampleProfile, userProfile } from './profile.ts';

export const userRegistered = defineEvent({
  type: 'newscience.user.Registered.v1',
  when: 'Somebody has an account now.',
  data: userProfile,
  subject: ({ id }) => id,
  example: {
    id: '0f8fad5b-d9cb-469f-a165-70867728950e/registered',
    source: 'urn:newscience:legacy',
    time: exampleProfile.registeredAt,
    data: exampleProfile,
  },
});

export type UserRegistered = EventOf<typeof userRegistered>;
