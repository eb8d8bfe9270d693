import type { Logger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { err, ok } from '@newscience/service-kit/result';
import type { Secret } from '@newscience/service-kit/secret';

import { BusError, type EventBus } from '../bus.ts';
import { asBusError } from './bus-fault.ts';
import { append, createPartitionCounts, declareTopics } from './event-log.ts';
import { GROUP_CHANNEL, lag, seek, setPaused } from './group-store.ts';
import { createListener } from './listener.ts';
import { joinGroup, type Member, type MemberTiming } from './member.ts';
import { startSweeping } from './retention.ts';

const LOG_CHANNEL = 'event_bus';

export type PostgresBusOptions = {
  /** Of the bus's own database, migrated with `migrateBus`. */
  readonly url: string | Secret;
  /** Who connects: seen in `pg_stat_activity`. */
  readonly name: string;
  readonly logger: Logger;
  /** Connections at most, one for notifications not counted. Default 4: each costs the server 10 to 20 MB. */
  readonly connections?: number;
  /**
   * A member that is silent for `leaseMs` (default 6000) is taken for dead; it says something every
   * `heartbeatMs` (default 1500), so a dead one is replaced within their sum.
   */
  readonly timing?: MemberTiming;
};

/** The event bus on a log table in PostgreSQL. Connects when it is first needed. */
export function createPostgresBus(options: PostgresBusOptions): EventBus {
  const { url, name, logger, timing = { leaseMs: 6000, heartbeatMs: 1500 } } = options;
  const pool = createPool({ url, applicationName: name, logger, max: options.connections ?? 4 });
  const counts = createPartitionCounts();
  const members = new Set<Member>();
  const sweeping = startSweeping(pool, logger);
  let listener: { close: () => Promise<void> } | undefined;
  let closed: Promise<void> | undefined;

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed !== undefined) throw new BusError('closed', 'The event bus is closed.');
    try {
      return await work();
    } catch (error) {
      throw asBusError(error);
    }
  };

  const onNotification = (channel: string, payload: string): void => {
    if (channel === GROUP_CHANNEL) {
      for (const member of members) if (member.group === payload) member.look();
      return;
    }
    const [topic, partition, head] = payload.split(' ');
    if (topic === undefined || partition === undefined || head === undefined) return;
    for (const member of members)
      member.advance({ topic, partition: Number(partition) }, BigInt(head));
  };

  const close = async (): Promise<void> => {
    await Promise.all([...members].map((member) => member.stop()));
    await listener?.close();
    await sweeping.stop();
    await pool.end();
  };

  return {
    declareTopics: (policies) => guarded(() => declareTopics(pool, policies)),
    publish: (batch) => guarded(() => append(pool, counts, batch)),
    subscribe: (subscription) =>
      guarded(async () => {
        for (const topic of subscription.topics) await counts(pool, topic);
        listener ??= createListener({
          url,
          applicationName: name,
          channels: [LOG_CHANNEL, GROUP_CHANNEL],
          logger,
          onNotification,
          onConnected: () => {
            for (const member of members) member.look();
          },
        });
        const member = await joinGroup({ pool, subscription, timing, logger });
        members.add(member);
        // What was announced between its first look and now was missed.
        member.look();
        return {
          assigned: () => member.assigned(),
          stop: async () => {
            await member.stop();
            members.delete(member);
          },
        };
      }),
    lag: (group) => guarded(() => lag(pool, group)),
    pause: (group, partition) => guarded(() => setPaused(pool, group, true, partition)),
    resume: (group, partition) => guarded(() => setPaused(pool, group, false, partition)),
    seek: (group, partition, to) =>
      guarded(async () => {
        const count = await counts(pool, partition.topic);
        if (partition.partition < 0 || partition.partition >= count)
          throw new BusError(
            'topic_unknown',
            `${partition.topic} has the partitions 0 to ${count - 1}, and no ${partition.partition}.`,
          );
        return (await seek(pool, group, partition, to, timing.leaseMs))
          ? ok(undefined)
          : err({
              code: 'group_active',
              detail: `The group ${group} has live members: stop them first, and start them again afterwards.`,
            });
      }),
    close: () => (closed ??= close()),
  };
}
