import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@newscience/embedded-postgres/server';
import { eventually } from '@newscience/testing/eventually';
import { freePort } from '@newscience/testing/free-port';

import { migrateBus } from '../src/postgres/migrate.ts';
import { createLedger, newTopic } from './contract/counted.ts';
import { createSite } from './contract/harness.ts';

describe('the bus on PostgreSQL', () => {
  let folder: string;
  let port: number;
  let server: EmbeddedPostgres;
  let site: ReturnType<typeof createSite>;

  const start = async (): Promise<void> => {
    const started = await startEmbeddedPostgres({
      dataDir: join(folder, 'postgres'),
      logFile: join(folder, 'postgres.log'),
      port,
    });
    if (!started.ok) throw new Error(started.error.detail);
    server = started.value;
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'newscience-event-bus-'));
    chmodSync(folder, 0o711); // PostgreSQL may run as another account
    port = await freePort();
    await start();
    await migrateBus({ databaseUrl: server.adminUrl, appRole: 'postgres' });
    site = createSite({ url: () => server.adminUrl });
  }, 60_000);
  afterAll(async () => {
    await site.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('goes on, with nothing lost and no gap, after PostgreSQL was restarted and after it crashed', async () => {
    const [bus, other] = [await site.open('one'), await site.open('two')];
    const { topic, group, event } = await newTopic(bus, 4);
    const ledger = createLedger();
    for (const each of [bus, other])
      await each.subscribe({
        group,
        topics: [topic],
        from: 'earliest',
        handle: (batch) => ledger.record(batch),
      });
    const keys = Array.from({ length: 10 }, (_, n) => `key-${n}`);
    let [n, done] = [0, false];
    const publishing = (async () => {
      while (!done) {
        n += 1;
        for (let stored = false; !stored;)
          stored = await bus.publish(keys.map((key) => event(key, n))).then(
            () => true,
            () => false,
          );
        await sleep(20);
      }
    })();
    await eventually(() => expect(ledger.size()).toBeGreaterThan(100));
    await server.stop();
    await sleep(8000); // longer than a lease
    await start();
    const after = ledger.size();
    await eventually(() => expect(ledger.size()).toBeGreaterThan(after + 100), {
      withinMs: 30_000,
    });
    process.kill(server.pid, 'SIGQUIT'); // an immediate shutdown: the next start recovers
    await server.exited;
    await start();
    const recovered = ledger.size();
    await eventually(() => expect(ledger.size()).toBeGreaterThan(recovered + 100), {
      withinMs: 30_000,
    });
    done = true;
    await publishing;
    await eventually(() => expect(ledger.missing(keys, n)).toBe(0), { withinMs: 30_000 });
    expect(ledger.gaps()).toEqual([]);
  }, 120_000);
});
