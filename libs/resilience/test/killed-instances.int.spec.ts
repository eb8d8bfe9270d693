import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { createPostgresCircuitStore } from '../src/postgres/circuit-store.ts';
import { createPostgresDeliveryStore } from '../src/postgres/delivery-store.ts';
import { type CalledParty, excess, startCalledParty } from './called-party.ts';
import { resilienceDatabase } from './resilience-database.ts';

let database: TestDatabase;
let pool: pg.Pool;
let party: CalledParty;
let members: ServiceProcess[] = [];
beforeAll(async () => {
  database = await resilienceDatabase();
  const logger = createLogger({ service: 'test', level: 'silent' });
  pool = createPool({ url: database.url, applicationName: 'test', logger, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  party = await startCalledParty();
});
afterEach(async () => {
  await Promise.all(members.map((member) => member.kill('SIGKILL')));
  await party.close();
});

async function startMembers(
  policy: 'bucket' | 'breaker' | 'delivery',
  count: number,
): Promise<void> {
  const env = { DATABASE_URL: database.url, PARTY_URL: party.url, POLICY: policy };
  const file = join(import.meta.dirname, 'member-process.ts');
  members = await Promise.all(Array.from({ length: count }, () => startService({ file, env })));
}
const circuit = async () => {
  const { circuits } = await createPostgresCircuitStore(pool).read(['party']);
  return circuits.get('party')?.circuit;
};

describe('processes that share a token bucket', () => {
  it('never call above the contract, by the ledger of the called party, and use it up, while some are killed', async () => {
    await startMembers('bucket', 3);
    const began = performance.now();
    for (let kills = 0; kills < 2; kills += 1) {
      await sleep(700);
      const victim = members[kills];
      await victim?.kill('SIGKILL');
      await victim?.restart();
    }
    await sleep(700);
    const seconds = (performance.now() - began) / 1000;
    const ledger = [...party.ledger];
    expect(excess(ledger, 40, 20)).toBeLessThanOrEqual(0);
    // A killed instance takes with it the few tokens that it was waiting for, and no more.
    expect(ledger.length).toBeGreaterThan(seconds * 40 * 0.5);
    await eventually(() =>
      expect(new Set(party.ledger.map(({ from }) => from)).size).toBeGreaterThan(3),
    );
  });
});

describe('processes that share a queue', () => {
  it('deliver everything, not above the maximum of any second, while one is killed in the middle of it', async () => {
    const store = createPostgresDeliveryStore(pool);
    const ids = Array.from({ length: 80 }, (_, n) => `mail ${n}`);
    for (const id of ids) await store.enqueue('party', id, id);
    await startMembers('delivery', 3);
    await eventually(() => expect(party.ledger.length).toBeGreaterThan(10));
    party.mood = 'silent';
    await sleep(300);
    await members[0]?.kill('SIGKILL');
    party.mood = 'well';
    await sleep(2500);
    for (const member of members.slice(1)) {
      // What was never answered hangs; with its process it comes back too.
      await member.kill('SIGKILL');
      await member.restart();
    }
    await eventually(async () => expect((await store.state('party')).waiting).toBe(0), {
      withinMs: 40_000,
    });
    expect([...new Set(party.ledger.map(({ from }) => from))].sort()).toEqual([...ids].sort());
    const times = party.ledger.map(({ at }) => at);
    const most = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length),
    );
    // The way to the called party is as long as this machine is busy: a tenth for that.
    expect(most).toBeLessThanOrEqual(22);
  });
});

describe('processes that share a circuit', () => {
  it('stop calling within a second, probe one at a time, and outlive the one whose probe was killed', async () => {
    await startMembers('breaker', 3);
    await eventually(() => expect(party.ledger.length).toBeGreaterThan(20));
    party.mood = 'failing';
    await eventually(async () => expect(await circuit()).toMatchObject({ kind: 'open' }), {
      everyMs: 5,
    });
    await sleep(900);
    party.mood = 'silent';
    party.ledger.length = 0;

    // One probe, of one instance; it gets no answer, and its process is killed.
    await eventually(() => expect(party.ledger.length).toBeGreaterThan(0));
    const prober = members.find(({ pid }) => String(pid) === party.ledger[0]?.from);
    await prober?.kill('SIGKILL');
    expect(prober).toBeDefined();
    await sleep(200);
    expect(party.ledger).toHaveLength(1);

    // Its silence counts as a failure after a second, all stay away for as long as is due, and somebody else probes.
    const reason = { rule: 'probe-silent', by: String(prober?.pid) };
    await eventually(async () => expect(await circuit()).toMatchObject({ kind: 'open', reason }));
    party.mood = 'well';
    await eventually(async () => expect(await circuit()).toMatchObject({ kind: 'closed' }));
    await eventually(() =>
      expect(new Set(party.ledger.map(({ from }) => from)).size).toBeGreaterThan(2),
    );
  });
});
