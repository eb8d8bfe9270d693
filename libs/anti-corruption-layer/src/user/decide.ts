import { userProfile, type UserProfile } from '@newscience/event-contracts/user/profile';
import { userProfileChanged } from '@newscience/event-contracts/user/profile-changed';
import { userRegistered } from '@newscience/event-contracts/user/registered';
import { userRemoved } from '@newscience/event-contracts/user/removed';

import { fingerprintOf } from '../fingerprint.ts';
import type { Decision, Published } from '../published.ts';

/** Enough to say that it is gone; no name is remembered. */
const remembered = userProfile.pick({ id: true, registeredAt: true });

/**
 * Which events follow from what was told last and what the legacy database says now.
 *
 * @param profile null where the account is gone
 * @param at when the legacy transaction committed; null for what a snapshot found
 */
export function decideUser(
  before: Published | null,
  profile: UserProfile | null,
  at: string | null,
): Decision {
  if (profile === null) return decideRemoval(before, at);
  const fingerprint = fingerprintOf(profile);
  if (before?.fingerprint === fingerprint) return { events: [], published: before };
  const revision = (before?.revision ?? 0) + 1;
  const event = {
    type: before === null ? userRegistered.type : userProfileChanged.type,
    id: `${profile.id}/${before === null ? 'registered' : `changed-${revision}`}`,
    subject: profile.id,
    time: at ?? profile.registeredAt,
    data: profile,
  };
  return {
    events: [event],
    published: {
      status: 'registered',
      revision,
      ahead: 0,
      fingerprint,
      data: remembered.parse(profile),
    },
  };
}

function decideRemoval(before: Published | null, at: string | null): Decision {
  if (before === null) return { events: [], published: null };
  const { id, registeredAt } = remembered.parse(before.data);
  const event = {
    type: userRemoved.type,
    id: `${id}/removed`,
    subject: id,
    time: at ?? registeredAt,
    data: { id },
  };
  return { events: [event], published: null };
}
