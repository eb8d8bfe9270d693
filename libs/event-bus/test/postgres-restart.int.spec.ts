import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { type PostgresEngine, startPostgresEngine } from '@newscience/testing/postgres-engine';

import { migrateBus } from '../src/postgres/migrate.ts';
import { createSite } from './contract/harness.ts';
import { ridesOut } from './rides-out.ts';

describe('the bus on PostgreSQL', () => {
  let engine: PostgresEngine;
  let site: ReturnType<typeof createSite>;
  beforeAll(async () => {
    engine = await startPostgresEngine();
    await migrateBus({ databaseUrl: engine.adminUrl, appRole: 'postgres' });
    site = createSite({ url: () => engine.adminUrl });
  }, 60_000);
  afterAll(async () => {
    await site.close();
    await engine.remove();
  }, 60_000);

  it('goes on, with nothing lost and no gap, after PostgreSQL was restarted and after it crashed', async () => {
    const restarted = async (): Promise<void> => {
      await engine.stop();
      await sleep(8000); // longer than a lease
      await engine.start();
    };
    const crashed = async (): Promise<void> => {
      await engine.crash();
      await engine.start();
    };
    await ridesOut(site, [restarted, crashed], 30_000);
  }, 120_000);
});
