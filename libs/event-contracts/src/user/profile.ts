import { z } from 'zod';

/**
 * What other services may know about an account. Neither mail address nor anything that lets somebody log
 * in: who needs to write to a reader asks the service that owns the address.
 */
export const userProfile = z.object({
  id: z.uuid(),
  name: z.string().min(1).meta({ description: 'The name that readers see.' }),
  role: z.enum(['reader', 'contributor', 'editor', 'operator']),
  status: z.enum(['active', 'suspended']),
  registeredAt: z.iso.datetime(),
});

export type UserProfile = z.output<typeof userProfile>;

export const exampleProfile: UserProfile = {
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  name: 'Ines',
  role: 'reader',
  status: 'active',
  registeredAt: '2026-02-11T20:41:00.000Z',
};
