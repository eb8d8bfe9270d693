/** A relay in a process of its own, to be killed. */
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';

import { startRelay } from '../src/relay.ts';
import { tableBus } from './table-bus.ts';

const databaseUrl = process.env['DATABASE_URL'] ?? '';
const name = process.env['RELAY_NAME'] ?? 'relay';
const logger = createLogger({ service: name, level: 'warn' });
const pool = createPool({ url: databaseUrl, applicationName: name, logger, max: 1 });
const relay = startRelay({
  databaseUrl,
  applicationName: name,
  bus: tableBus(pool, name),
  logger,
  batchEvents: 40,
  pollMs: 100,
  lostAfterMs: Number(process.env['LOST_AFTER_MS'] ?? 15_000),
});
process.send?.({ type: 'ready' });
process.once('SIGTERM', () => {
  void relay
    .stop()
    .then(() => pool.end())
    .then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(0));
