import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';

import { attempt } from './attempt.ts';
import { pauseMs } from './domain/backoff.ts';
import { afterFailure } from './domain/failure.ts';
import { causeOf, type Outcome, type Work } from './handling.ts';
import { deliveryKeyOf, handleOnce } from './inbox.ts';
import {
  lockPartition,
  recordFailure,
  removeFirst,
  takeDue,
  untilNextDue,
  type WaitingEvent,
} from './waiting-events.ts';
import { createWakeUp } from './wake-up.ts';

export type Retrier = {
  /** Something new may be due. */
  readonly wake: () => void;
  /** Waits for the attempt that is going on. */
  readonly stop: () => Promise<void>;
};

/** Another member may be at what is due. */
const SHORTEST_PAUSE_MS = 20;
const databaseAway = { baseMs: 100, capMs: 5000 };

/**
 * Tries the events again that wait, each when its time has come, the events of a key one after the other. Each member
 * of a group has one; they share the work.
 */
export function startRetrier(work: Work, pollMs: number): Retrier {
  const wakeUp = createWakeUp();
  let stopping = false;
  const isStopping = (): boolean => stopping;

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!isStopping()) {
      try {
        const outcome = await retryOne(work);
        failures = 0;
        if (outcome !== 'nothing due') work.observe(outcome);
        else await wakeUp.wait(await pauseUntilDue(work, pollMs));
      } catch (error) {
        failures += 1;
        work.logger[failures === 1 ? 'warn' : 'debug']({ err: error }, 'retries had to pause');
        await wakeUp.wait(SHORTEST_PAUSE_MS + pauseMs(databaseAway, failures, Math.random()));
      }
    }
  };
  const running = run();
  return {
    wake: wakeUp.raise,
    stop: async () => {
      stopping = true;
      wakeUp.raise();
      await running;
    },
  };
}

async function pauseUntilDue(work: Work, pollMs: number): Promise<number> {
  const dueInMs = await untilNextDue(work.pool, work.consumer);
  return Math.min(pollMs, Math.max(SHORTEST_PAUSE_MS, dueInMs ?? pollMs));
}

async function retryOne(work: Work): Promise<Outcome | 'nothing due'> {
  const taken: { first?: WaitingEvent } = {};
  try {
    return await withTransaction(work.pool, async (client) => {
      const first = await takeDue(client, work.consumer);
      if (first === undefined) return 'nothing due';
      taken.first = first;
      await lockPartition(client, first);
      return handleFirst(work, client, first);
    });
  } catch (error) {
    const { first } = taken;
    if (first === undefined) throw error;
    // An event whose effect breaks the connection must not be the most overdue for ever. While the database is
    // away this fails too, and no attempt is counted.
    return withTransaction(work.pool, async (client) => {
      await lockPartition(client, first);
      return noteFailure(work, client, first, error);
    });
  }
}

async function handleFirst(
  work: Work,
  client: pg.PoolClient,
  first: WaitingEvent,
): Promise<Outcome> {
  const handling = work.prepare(first.event);
  if (handling.kind === 'skip') {
    await removeFirst(client, first);
    return handling.reason;
  }
  const result = await attempt(client, () =>
    handleOnce(client, deliveryKeyOf(work.consumer, first.event), () =>
      handling.effect(client, occasionOf(first)),
    ),
  );
  if (!result.ok) return noteFailure(work, client, first, result.error);
  await removeFirst(client, first);
  return result.value;
}

async function noteFailure(
  work: Work,
  client: pg.PoolClient,
  first: WaitingEvent,
  error: unknown,
): Promise<Outcome> {
  const attempts = first.attempts + 1;
  const then = afterFailure(work.policy, attempts, Math.random());
  await recordFailure(client, first, { cause: causeOf(error), then });
  const { id, type, subject } = first.event;
  const about = { err: error, eventId: id, type, key: subject, attempts };
  if (then.kind === 'dead') work.logger.error(about, 'event dead-lettered');
  else work.logger.debug({ ...about, inMs: then.inMs }, 'event failed again');
  return then.kind === 'dead' ? 'dead' : 'failed';
}

const occasionOf = ({ topic, partition, position, attempts }: WaitingEvent) => ({
  ...{ topic, partition },
  position: BigInt(position),
  attempt: attempts + 1,
});
