import { randomUUID } from 'node:crypto';

import type { Logger } from '@newscience/service-kit/logging';
import type pg from 'pg';

import type { SubscribeOptions, Subscription, TopicPartition } from '../bus.ts';
import { retryPause } from '../retry-pause.ts';
import { keyOf } from './assignment.ts';
import { asBusError } from './bus-fault.ts';
import { read } from './event-log.ts';
import { commit, ensureGroup, heartbeat, leave, type Pulse, release } from './group-store.ts';
import { type PartitionWorker, startPartitionWorker } from './partition-worker.ts';

export type MemberTiming = {
  /** A lease lasts this long; who does not renew it is taken for dead. */
  readonly leaseMs: number;
  /** Between two heartbeats, which are also the poll for new events. */
  readonly heartbeatMs: number;
};

export interface Member extends Subscription {
  readonly group: string;
  /** The end of a partition has moved. */
  advance(at: TopicPartition, head: bigint): void;
  /** Something in the group, or anything at all, may have changed: look now. */
  look(): void;
}

type MemberOptions = {
  readonly pool: pg.Pool;
  readonly subscription: SubscribeOptions;
  readonly timing: MemberTiming;
  readonly logger: Logger;
};

/** Joins a group and works on its share of the partitions until it is stopped. */
export async function joinGroup(options: MemberOptions): Promise<Member> {
  const { pool, subscription, timing, logger } = options;
  const { group, topics } = subscription;
  const id = randomUUID();
  const workers = new Map<string, PartitionWorker>();
  const abandoned = new Map<string, PartitionWorker>();
  const stopping = new AbortController();
  let looking: Promise<void> = Promise.resolve();
  let lookAgain = false;
  let suspended = false;
  let aliveUntil = performance.now() + timing.leaseMs;

  const abandon = (key: string): void => {
    const worker = workers.get(key);
    if (worker === undefined) return;
    workers.delete(key);
    worker.abandon();
    if (!worker.handling()) return;
    abandoned.set(key, worker);
    void worker.ended.then(() => {
      if (abandoned.get(key) === worker) abandoned.delete(key);
      look();
    });
  };

  const abandonAll = (): void => {
    for (const key of [...workers.keys()]) abandon(key);
  };

  const handOver = async (key: string, worker: PartitionWorker): Promise<void> => {
    await worker.stop();
    if (workers.get(key) !== worker) return;
    workers.delete(key);
    await release(pool, group, id, worker.hold).catch(() => undefined); // the lease ends by itself
  };

  const apply = (pulse: Pulse): void => {
    for (const key of [...workers.keys()]) if (!pulse.renewed.has(key)) abandon(key);
    for (const { position, ...hold } of pulse.claimed)
      workers.set(
        keyOf(hold),
        startPartitionWorker({
          hold,
          position,
          subscription,
          logger,
          read: (from, most) => read(pool, hold, from, most),
          commit: (next) =>
            commit(pool, group, id, hold, next).catch((error: unknown) => {
              throw asBusError(error);
            }),
        }),
      );
    for (const [key, worker] of workers) {
      const head = pulse.heads.get(key);
      worker.update({ paused: pulse.paused.has(key), ...(head === undefined ? {} : { head }) });
      if (pulse.surplus.has(key)) void handOver(key, worker);
    }
  };

  const beat = async (): Promise<void> => {
    const stuck = [...workers.values(), ...abandoned.values()].some((one) => one.overdue());
    if (stuck) {
      if (!suspended) {
        suspended = true;
        logger.error(
          { group, member: id },
          'a handler takes too long: the partitions are given up',
        );
        abandonAll();
      }
      await leave(pool, group, id);
      return;
    }
    suspended = false;
    const started = performance.now();
    const pulse = await heartbeat(pool, {
      group,
      member: id,
      topics,
      holds: [...workers.values()].map(({ hold }) => hold),
      occupied: new Set(abandoned.keys()),
      leaseMs: timing.leaseMs,
    });
    // While it was asked, the leases may have run out here already.
    if (stopping.signal.aborted) return;
    aliveUntil = started + timing.leaseMs;
    apply(pulse);
  };

  const beatOrWait = async (): Promise<void> => {
    try {
      await beat();
    } catch (error) {
      logger.warn({ err: error, group, member: id }, 'heartbeat failed');
    }
  };

  /** Now, or once more right after the heartbeat that is under way. */
  const look = (): void => {
    if (lookAgain || stopping.signal.aborted) return;
    lookAgain = true;
    looking = looking.then(() => {
      lookAgain = false;
      return stopping.signal.aborted ? undefined : beatOrWait();
    });
  };

  await ensureGroup(pool, group, topics, subscription.from);
  await beat();
  const beats = setInterval(look, timing.heartbeatMs);
  // With the database away nobody tells us that we are taken for dead: we know it from the clock.
  const watchdog = setInterval(() => {
    if (workers.size > 0 && performance.now() > aliveUntil) {
      logger.warn({ group, member: id }, 'no heartbeat within the lease: partitions are lost');
      abandonAll();
    }
  }, timing.heartbeatMs / 2);

  const say = async (): Promise<void> => {
    for (let tries = 1; tries <= 3; tries += 1) {
      try {
        await leave(pool, group, id);
        return;
      } catch (error) {
        if (tries === 3) logger.warn({ err: error, group }, 'left without saying so');
        else await retryPause(tries, AbortSignal.timeout(1000));
      }
    }
  };

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    clearInterval(beats);
    await looking;
    // The leases must live on while the last batches are handled.
    const keepAlive = setInterval(() => {
      void heartbeat(pool, {
        group,
        member: id,
        topics: [],
        holds: [...workers.values()].map(({ hold }) => hold),
        occupied: new Set(),
        leaseMs: timing.leaseMs,
      }).then(
        () => (aliveUntil = performance.now() + timing.leaseMs),
        () => undefined,
      );
    }, timing.heartbeatMs);
    await Promise.all([
      ...[...workers].map(([key, worker]) => handOver(key, worker)),
      ...[...abandoned.values()].map((worker) => worker.ended),
    ]);
    clearInterval(keepAlive);
    clearInterval(watchdog);
    await say();
  };

  return {
    group,
    advance: (at, head) => workers.get(keyOf(at))?.update({ head }),
    look,
    assigned: () =>
      [...workers.values()].map(({ hold: { topic, partition } }) => ({ topic, partition })),
    stop: () => (stopped ??= stop()),
  };
}
