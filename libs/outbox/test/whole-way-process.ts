/** A service with a relay and a consumer, to be killed. One event in twenty fails the first time. */
import { createPostgresBus } from '@newscience/event-bus/postgres';
import { routeStageChanged } from '@newscience/event-contracts/route/stage-changed';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';

import { startConsumer } from '../src/consumer.ts';
import { startRelay } from '../src/relay.ts';

const databaseUrl = process.env['DATABASE_URL'] ?? '';
const name = process.env['SERVICE_NAME'] ?? 'service';
const logger = createLogger({ service: name, level: 'error' });
const pool = createPool({ url: databaseUrl, applicationName: name, logger, max: 4 });
const bus = createPostgresBus({
  ...{ url: process.env['EVENT_BUS_URL'] ?? '', name, logger, connections: 4 },
  timing: { leaseMs: 1500, heartbeatMs: 300 },
});
const relay = startRelay({
  ...{ databaseUrl, applicationName: name, bus, logger, batchEvents: 40, pollMs: 100 },
});
const consumer = await startConsumer({
  ...{ bus, pool, logger, group: 'whole-way', topics: ['newscience.route'], maxBatch: 20 },
  ...{ from: 'earliest', types: [routeStageChanged.type], pollMs: 100 },
  retry: { attempts: 1000, baseMs: 10, capMs: 50 },
  handle: async (client, event, { attempt }) => {
    await client.query('INSERT INTO effect (key, id) VALUES ($1, $2)', [event.subject, event.id]);
    if (attempt === 1 && event.data.revision % 20 === 0) throw new Error('not the first time');
  },
});
process.send?.({ type: 'ready' });
process.once('SIGTERM', () => {
  void Promise.all([relay.stop(), consumer.stop()])
    .then(() => Promise.all([bus.close(), pool.end()]))
    .then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(0));
