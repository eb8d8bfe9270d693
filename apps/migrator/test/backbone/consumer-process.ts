/**
 * A consumer of articles in a process of its own, to be killed. With BREAK=inbox it has effects without an inbox, as
 * a consumer would that somebody wrote in a hurry: the drill has to notice.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { connectBus } from '@newscience/event-bus/connect';
import type { Delivery } from '@newscience/event-bus/bus';
import { createPostgresBus } from '@newscience/event-bus/postgres';
import { topics as policies } from '@newscience/event-contracts/topics';
import { articleContent } from '@newscience/event-contracts/article/content';
import { startConsumer } from '@newscience/outbox/consumer';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';

import { articleTypes, haveEffect } from './article-effects.ts';

const url = process.env['EVENT_BUS_URL'] ?? '';
const name = process.env['CONSUMER_NAME'] ?? 'consumer';
const group = process.env['CONSUMER_GROUP'] ?? 'drill';
const topics = ['newscience.article'];
const logger = createLogger({ service: name, level: 'fatal' });
const pool = createPool({
  ...{ url: process.env['DATABASE_URL'] ?? '', applicationName: name, logger, max: 4 },
});
const bus = url.startsWith('kafka')
  ? await connectBus({ url, name, logger })
  : createPostgresBus({
      ...{ url, name, logger, connections: 4 },
      // So that members which are killed every few seconds are replaced meanwhile.
      timing: { leaseMs: 2000, heartbeatMs: 400 },
    });

const withInbox = () =>
  startConsumer({
    ...{ bus, pool, logger, group, topics, types: articleTypes, from: 'earliest', maxBatch: 50 },
    handle: haveEffect,
  });

const withoutInbox = () =>
  bus.subscribe({
    ...{ group, topics, from: 'earliest', maxBatch: 50 },
    handle: (batch: readonly Delivery[]) =>
      withTransaction(pool, async (client) => {
        for (const { event } of batch)
          await haveEffect(client, { ...event, data: articleContent.parse(event.data) });
      }),
  });

const start = process.env['BREAK'] === 'inbox' ? withoutInbox : withInbox;

/** A service stays up while the bus is away, and joins when it is there. */
async function join(): Promise<{ readonly stop: () => Promise<void> }> {
  for (;;) {
    try {
      await bus.declareTopics(policies);
      return await start();
    } catch {
      await sleep(200);
    }
  }
}

process.once('disconnect', () => process.exit(0));
const joined = join();
process.once('SIGTERM', () => {
  void joined
    .then((consumer) => consumer.stop())
    .then(() => Promise.all([bus.close(), pool.end()]))
    .then(() => process.exit(0));
});
process.send?.({ type: 'ready' });
