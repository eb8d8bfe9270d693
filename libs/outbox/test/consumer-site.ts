import { routeStageChanged } from '@newscience/event-contracts/route/stage-changed';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { type Consumer, type ConsumerOptions, startConsumer } from '../src/consumer.ts';
import { deliveries, handBus, type HandBus, type RecordedClaim } from './hand-bus.ts';
import { outboxDatabase } from './outbox-database.ts';
import { partsOf, sampleEvent } from './sample-events.ts';

const type = routeStageChanged.type;
type Options = ConsumerOptions<typeof type>;

export const silent = createLogger({ service: 'test', level: 'silent' });

/** A database with one consumer and more members of it on demand; effects are rows in a table. */
export type ConsumerSite = {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  /** What the effect throws for an event, if anything. Asked within the transaction, after the row was written. */
  fails: (id: string, attempt: number) => Error | undefined;
  readonly start: (options?: Partial<Options>) => Promise<Member>;
  /** Ids of the effects in order. */
  readonly effects: () => Promise<string[]>;
  readonly count: (table: 'inbox' | 'inbox_waiting' | 'inbox_dead_letter') => Promise<number>;
  readonly close: () => Promise<void>;
};

export type Member = Consumer & {
  readonly bus: HandBus;
  /** Delivers sample events named like `a/1`. */
  readonly deliver: (ids: readonly string[], claim?: RecordedClaim) => Promise<void>;
};

export const eventOf = (id: string): CloudEvent => sampleEvent(partsOf(id).key, partsOf(id).n);

export async function consumerSite(): Promise<ConsumerSite> {
  const database = await outboxDatabase();
  const pool = createPool({ url: database.url, applicationName: 'test', logger: silent });
  const members: Member[] = [];
  const rows = async (sql: string): Promise<string[]> =>
    (await pool.query<{ value: string }>(sql)).rows.map(({ value }) => value);
  const site: ConsumerSite = {
    ...{ database, pool },
    fails: () => undefined,
    start: async (options = {}) => {
      const bus = handBus();
      const consumer = await startConsumer({
        ...{ bus, pool, logger: silent, group: 'activity', topics: ['newscience.route'] },
        ...{ from: 'earliest' as const, types: [type], pollMs: 50 },
        retry: { attempts: 3, baseMs: 5, capMs: 20 },
        handle: async (client, event, { attempt }) => {
          await client.query('INSERT INTO effect (key, id) VALUES ($1, $2)', [
            event.subject,
            event.id,
          ]);
          const error = site.fails(event.id, attempt);
          if (error !== undefined) throw error;
        },
        ...options,
      });
      const member: Member = {
        ...{ ...consumer, bus },
        deliver: (ids, claim) => bus.deliver(deliveries(ids.map(eventOf)), claim),
      };
      members.push(member);
      return member;
    },
    effects: () => rows('SELECT id AS value FROM effect ORDER BY n'),
    count: async (table) => Number((await rows(`SELECT count(*) AS value FROM ${table}`))[0]),
    close: async () => {
      await Promise.all(members.map((member) => member.stop()));
      await pool.end();
      await database.drop();
    },
  };
  return site;
}
