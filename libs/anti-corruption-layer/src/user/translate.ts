import { userProfile, type UserProfile } from '@newscience/event-contracts/user/profile';
import { z } from 'zod';

import { timestamp } from '../columns.ts';
import type { LegacyRow } from '../legacy-tables.ts';
import { translated, type Translated, unreadable } from '../rejection.ts';

const roles = { R: 'reader', C: 'contributor', E: 'editor', O: 'operator' } as const;
const statuses = { A: 'active', X: 'suspended' } as const;

const usrRow = z.object({
  usr_ref: z.string(),
  nm: z.string(),
  rol: z.enum(['R', 'C', 'E', 'O']),
  sts: z.enum(['A', 'X']),
  crt_ts: timestamp,
});

/** Reads a user's row; one that cannot be told is a rejection, never an error. */
export function translateUser(usr: LegacyRow): Translated<UserProfile> {
  const read = usrRow.safeParse(usr);
  if (!read.success) return unreadable('usr', read.error);
  const profile = userProfile.safeParse({
    id: read.data.usr_ref,
    name: read.data.nm,
    role: roles[read.data.rol],
    status: statuses[read.data.sts],
    registeredAt: read.data.crt_ts,
  } satisfies Record<keyof UserProfile, unknown>);
  return profile.success ? translated(profile.data) : unreadable('usr', profile.error);
}
