import type { z } from 'zod';

import { articlePublished } from './article/published.ts';
import { articleUpdated } from './article/updated.ts';
import { articleWithdrawn } from './article/withdrawn.ts';
import { commentDeleted } from './comment/deleted.ts';
import { commentHidden } from './comment/hidden.ts';
import { commentPosted } from './comment/posted.ts';
import { commentRestored } from './comment/restored.ts';
import { commentUpdated } from './comment/updated.ts';
import type { EventContract, EventOf } from './define-event.ts';
import { envelopeSchema, readEventType } from './envelope.ts';
import { err, ok, type Result } from './result.ts';
import { routeDefined } from './route/defined.ts';
import { routeRemoved } from './route/removed.ts';
import { routeStageChanged } from './route/stage-changed.ts';
import { userProfileChanged } from './user/profile-changed.ts';
import { userRegistered } from './user/registered.ts';
import { userRemoved } from './user/removed.ts';

/** Every event there is. A new one is a file of its own and one line here. */
const all = [
  articlePublished,
  articleUpdated,
  articleWithdrawn,
  commentPosted,
  commentHidden,
  commentRestored,
  commentUpdated,
  commentDeleted,
  routeDefined,
  routeStageChanged,
  routeRemoved,
  userRegistered,
  userProfileChanged,
  userRemoved,
] as const;

/** A validated event; `type` tells which. */
export type KnownEvent = EventOf<(typeof all)[number]>;

export type KnownType = KnownEvent['type'];

/** In the order of their types. */
export const contracts: readonly EventContract[] = [...all].sort((a, b) =>
  a.type < b.type ? -1 : 1,
);

const byType = new Map<string, (typeof all)[number]>(all.map((one) => [one.type, one]));
const knownNames = new Set(all.map(({ type }) => unversioned(type)));

export type EventFault = { readonly pointer: string; readonly problem: string };

/**
 * Why something is not a known event.
 *
 * - `not_an_event`: no CloudEvent as we write them; a poison message.
 * - `unknown_type`, `unknown_version`: an event of somebody newer; to be skipped by policy, and counted.
 * - `invalid`: breaks its contract; a poison message.
 */
export type EventError = {
  readonly code: 'not_an_event' | 'unknown_type' | 'unknown_version' | 'invalid';
  readonly detail: string;
  readonly type?: string;
  readonly faults: readonly EventFault[];
};

/** Reads an event that came from outside. Fields that its contract does not name are dropped. */
export function parseEvent(candidate: unknown): Result<KnownEvent, EventError> {
  const envelope = envelopeSchema.safeParse(candidate);
  if (!envelope.success) return err(refusal('not_an_event', 'no event envelope', envelope.error));
  const { type } = envelope.data;
  const contract = byType.get(type);
  if (contract === undefined) {
    const known = knownNames.has(unversioned(type));
    return err({
      code: known ? 'unknown_version' : 'unknown_type',
      detail: `No contract is known for ${type}${known ? ', only for other versions of it' : ''}.`,
      type,
      faults: [],
    });
  }
  const event = contract.schema.safeParse(candidate);
  if (!event.success) return err({ ...refusal('invalid', `breaks ${type}`, event.error), type });
  return ok(event.data);
}

/** The contract of a type, if there is one. */
export const contractOf = (type: string): EventContract | undefined => byType.get(type);

function unversioned(type: string): string {
  const read = readEventType(type);
  return read === undefined ? type : `${read.context}.${read.name}`;
}

function refusal(code: 'not_an_event' | 'invalid', what: string, error: z.ZodError): EventError {
  const faults = error.issues.map(({ path, message }) => ({
    pointer: path.map((step) => `/${String(step)}`).join(''),
    problem: message,
  }));
  const shown = faults.slice(0, 5).map(({ pointer, problem }) => `${pointer || '/'}: ${problem}`);
  return {
    code,
    detail: `This ${what === 'no event envelope' ? 'is' : 'event'} ${what}: ${shown.join('; ')}`,
    faults,
  };
}
