import { BusError, type EventBus } from '@newscience/event-bus/bus';
import { expressPath, type Operation } from '@newscience/service-kit/openapi';
import { claimsOf } from '@newscience/service-kit/operator-auth';
import { ProblemError } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';
import { parseRequest } from '@newscience/service-kit/validation';
import { type Request, Router } from 'express';
import type pg from 'pg';

import {
  type Actor,
  discardDeadLetter,
  listDeadLetterActions,
  listDeadLetters,
  replayDeadLetter,
  showDeadLetter,
  showDeadLetterAction,
} from '../dead-letters.ts';
import {
  discardDead,
  listDead,
  listDeeds,
  readLag,
  replayDead,
  showDead,
  showDeed,
} from './operations.ts';
import { deadLetterJson, deedJson, wholeDeadLetterJson, wholeDeedJson } from './presentation.ts';

export type EventRoutesOptions = {
  /** Of the database with the inbox. */
  readonly pool: pg.Pool;
  readonly bus: Pick<EventBus, 'lag'>;
  /** The groups as which this service consumes. */
  readonly groups: readonly string[];
};

/** For the service's OpenAPI document, which declares the security scheme `bearer`. */
export const eventOperations: readonly Operation[] = [
  ...[readLag, listDead, showDead, replayDead, discardDead, listDeeds, showDeed],
];

/** For the service's catalogue: `defineProblems({ ...eventProblems, … })`. */
export const eventProblems = {
  dead_letter_not_found: { status: 404, title: 'There is no such dead letter' },
  dead_letter_action_not_found: { status: 404, title: 'The audit log has no such entry' },
  reason_invalid: { status: 400, title: 'The reason is not valid' },
} as const;

/**
 * What operators see and do about the events that a service consumes. Mount it at the root of the app, behind the
 * check of who asks:
 *
 * ```ts
 * app.use('/admin/events', requireRole(verifyToken, ['operator']));
 * app.use(eventRoutes({ pool, bus, groups: ['activity-service'] }));
 * ```
 *
 * Without that check each request fails with status 500.
 */
export function eventRoutes({ pool, bus, groups }: EventRoutesOptions): Router {
  const router = Router();
  router.use('/admin/events', (req, res, next) => {
    // Throws where nobody has asked who this is: better no answer than one for everyone.
    claimsOf(req);
    res.set('cache-control', 'no-store');
    next();
  });

  router.get(readLag.path, async (_req, res) => {
    const lags = await Promise.all(groups.map((group) => lagOf(bus, group)));
    res.json({ items: lags.flat() });
  });

  router.get(listDead.path, async (req, res) => {
    const { limit, before, consumer } = parseRequest(req, listDead).query;
    const letters = await listDeadLetters(pool, { limit, ...given({ before, consumer }) });
    res.json({ items: letters.map(deadLetterJson), next: nextOf(letters, limit) });
  });

  router.get(expressPath(showDead.path), async (req, res) => {
    const { id } = parseRequest(req, showDead).params;
    res.json(wholeDeadLetterJson(valueOf(await showDeadLetter(pool, id))));
  });

  router.post(expressPath(replayDead.path), async (req, res) => {
    const { params, body } = parseRequest(req, replayDead);
    const deed = { actor: actorOf(req), ...given({ why: body.why }) };
    res.json(wholeDeadLetterJson(valueOf(await replayDeadLetter(pool, params.id, deed))));
  });

  router.post(expressPath(discardDead.path), async (req, res) => {
    const { params, body } = parseRequest(req, discardDead);
    const deed = { actor: actorOf(req), why: body.why };
    res.json(wholeDeadLetterJson(valueOf(await discardDeadLetter(pool, params.id, deed))));
  });

  router.get(listDeeds.path, async (req, res) => {
    const { limit, before } = parseRequest(req, listDeeds).query;
    const deeds = await listDeadLetterActions(pool, { limit, ...given({ before }) });
    res.json({ items: deeds.map(deedJson), next: nextOf(deeds, limit) });
  });

  router.get(expressPath(showDeed.path), async (req, res) => {
    const { id } = parseRequest(req, showDeed).params;
    res.json(wholeDeedJson(valueOf(await showDeadLetterAction(pool, id))));
  });

  return router;
}

async function lagOf(bus: Pick<EventBus, 'lag'>, group: string) {
  try {
    const lag = await bus.lag(group);
    return lag.map(({ topic, partition, behind }) => ({
      ...{ group, topic, partition, behind: Number(behind) },
    }));
  } catch (error) {
    if (!(error instanceof BusError) || !error.retryable) throw error;
    throw new ProblemError({
      ...{ code: 'unavailable', retryable: true, retryAfterSeconds: 5, cause: error },
      detail: 'The event bus cannot be reached right now. Try again in a moment.',
    });
  }
}

function actorOf(req: Request): Actor {
  const { sub, name } = claimsOf(req);
  return { id: sub, name };
}

function valueOf<T>(result: Result<T, { readonly code: string; readonly detail: string }>): T {
  if (!result.ok) throw new ProblemError(result.error);
  return result.value;
}

/** Without what is undefined. */
function given<K extends string>(
  fields: Record<K, string | undefined>,
): Partial<Record<K, string>> {
  const known: Partial<Record<K, string>> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) known[name] = value;
  }
  return known;
}

/** A full page may be the last one; then the next is empty. */
function nextOf(items: readonly { readonly id: string }[], limit: number): string | null {
  return items.length < limit ? null : (items.at(-1)?.id ?? null);
}
