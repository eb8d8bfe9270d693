import type { Claim, Delivery } from '@newscience/event-bus/bus';
import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';

import { attempt } from './attempt.ts';
import { afterFailure } from './domain/failure.ts';
import { planIntake } from './domain/intake.ts';
import { causeOf, type Handling, type Outcome, type Work } from './handling.ts';
import { deliveryKeyOf, enterAll, eventName, handleOnce } from './inbox.ts';
import { addWaiting, findHeld, lockPartition, recordFailure } from './waiting-events.ts';

type Wanted = { readonly delivery: Delivery; readonly effect: Effect };
type Effect = Extract<Handling, { kind: 'handle' }>['effect'];

const HEARTBEAT_MS = 1000;

/**
 * Handles a batch of one partition: all in one transaction, and where something in it fails, each event in one of
 * its own, so that the failure stays with its key. When it resolves, each event has had its effect, or waits, or is
 * a dead letter, and all of that is committed.
 *
 * @throws Error where the database is away or the partition was lost: the batch is to be delivered again
 */
export async function takeBatch(
  work: Work,
  batch: readonly Delivery[],
  claim: Claim,
): Promise<void> {
  const wanted: Wanted[] = [];
  const skipped: Outcome[] = [];
  for (const delivery of batch) {
    const handling = work.prepare(delivery.event);
    if (handling.kind === 'skip') skipped.push(handling.reason);
    else wanted.push({ delivery, effect: handling.effect });
  }
  const alive = signsOfLife(claim);
  const outcomes = await handleTogether(work, wanted, alive);
  if (outcomes === 'one by one') {
    for (const one of wanted) {
      await alive();
      work.observe(await handleSurely(work, one));
    }
  } else outcomes.forEach(work.observe);
  skipped.forEach(work.observe);
}

async function handleTogether(
  work: Work,
  wanted: readonly Wanted[],
  alive: () => Promise<void>,
): Promise<readonly Outcome[] | 'one by one'> {
  const [first] = wanted;
  if (first === undefined) return [];
  // Nothing is won for a single one, and it would be tried twice.
  if (wanted.length === 1) return 'one by one';
  try {
    return await withTransaction(work.pool, async (client) => {
      const steps = await plan(work, client, wanted);
      const events = wanted.map(({ delivery }) => delivery.event);
      const fresh = await enterAll(
        client,
        work.consumer,
        events.filter((_, index) => steps[index] === 'handle'),
      );
      const outcomes: Outcome[] = [];
      for (const [index, one] of wanted.entries()) {
        await alive();
        if (steps[index] === 'wait') outcomes.push(await wait(work, client, one));
        // Taken out, so that the same event later in the batch is a repetition.
        else if (fresh.delete(eventName(one.delivery.event))) {
          await run(client, one);
          outcomes.push('handled');
        } else outcomes.push('repeated');
      }
      return outcomes;
    });
  } catch (error) {
    claimLost(error);
    work.logger.debug({ err: error, events: wanted.length }, 'a batch failed: one by one now');
    return 'one by one';
  }
}

/**
 * An event whose effect breaks the connection each time would come again for ever and hold up its partition. After
 * as many deliveries as it may have attempts, it waits like one that failed, if the database is there to say so.
 */
async function handleSurely(work: Work, one: Wanted): Promise<Outcome> {
  try {
    return await withTransaction(work.pool, (client) => handleAlone(work, client, one));
  } catch (error) {
    if (one.delivery.attempt < work.policy.attempts) throw error;
    return withTransaction(work.pool, async (client) => {
      const [step] = await plan(work, client, [one]);
      if (step === 'handle') return setAside(work, client, one, error);
      return step === 'wait' ? wait(work, client, one) : 'repeated';
    });
  }
}

async function handleAlone(work: Work, client: pg.PoolClient, one: Wanted): Promise<Outcome> {
  const [step] = await plan(work, client, [one]);
  if (step === 'repeated') return 'repeated';
  if (step === 'wait') return wait(work, client, one);
  const result = await attempt(client, () => runOnce(work, client, one));
  if (result.ok) return result.value;
  return setAside(work, client, one, result.error);
}

async function setAside(
  work: Work,
  client: pg.PoolClient,
  { delivery }: Wanted,
  error: unknown,
): Promise<Outcome> {
  const then = afterFailure(work.policy, 1, Math.random());
  const first = await addWaiting(client, work.consumer, delivery);
  await recordFailure(client, first, { cause: causeOf(error), then });
  const { id, type, subject } = delivery.event;
  work.logger.warn({ err: error, eventId: id, type, key: subject, then }, 'event failed');
  return then.kind === 'dead' ? 'dead' : 'failed';
}

async function plan(work: Work, client: pg.PoolClient, wanted: readonly Wanted[]) {
  const [first] = wanted;
  if (first === undefined) return [];
  const { topic, partition } = first.delivery;
  const place = { consumer: work.consumer, topic, partition };
  await lockPartition(client, place);
  const events = wanted.map(({ delivery }) => delivery.event);
  const held = await findHeld(client, place, events);
  return planIntake(
    events.map((event) => ({ id: eventName(event), key: event.subject })),
    held,
  );
}

const runOnce = (work: Work, client: pg.PoolClient, { delivery, effect }: Wanted) =>
  handleOnce(client, deliveryKeyOf(work.consumer, delivery.event), () =>
    run(client, { delivery, effect }),
  );

function run(client: pg.PoolClient, { delivery, effect }: Wanted): Promise<void> {
  const { topic, partition, position } = delivery;
  return effect(client, { topic, partition, position, attempt: 1 });
}

async function wait(work: Work, client: pg.PoolClient, { delivery }: Wanted): Promise<Outcome> {
  await addWaiting(client, work.consumer, delivery);
  return 'waiting';
}

class PartitionLost extends Error {}

function claimLost(error: unknown): void {
  if (error instanceof PartitionLost) throw error;
}

/** Tells the bus now and then that the batch is still being worked on; throws when the partition is gone. */
function signsOfLife(claim: Claim): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (claim.signal.aborted)
      throw new PartitionLost(`${claim.topic}/${claim.partition} has gone to another member`);
    if (performance.now() - last < HEARTBEAT_MS) return;
    await claim.heartbeat();
    last = performance.now();
  };
}
