import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '@newscience/testing/template-database';
import { z } from 'zod';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { createAccounts } from '../src/accounts/accounts.ts';
import { holds, keysOf, kidOf, tokenOf } from './bearer-tokens.ts';
import { cloneDatabase, startMonolith, testConfig } from './monolith.ts';
import type { Env, TestMonolith } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

const rotation = z.object({ kid: z.string(), signsFrom: z.coerce.date(), created: z.boolean() });

let database: TestDatabase;
const sites: TestMonolith[] = [];

async function open(env: Env = {}): Promise<TestMonolith> {
  const site = await startMonolith(env, database);
  sites.push(site);
  return site;
}

const kids = async (site: TestMonolith) => (await keysOf(site)).map(({ kid }) => kid);

async function rotate(site: TestMonolith) {
  const answer = await createSiteClient(site.url).call('/api/v1/signing-keys/rotations', {
    method: 'POST',
    token: await tokenOf(site),
  });
  return { status: answer.status, ...rotation.parse(answer.body) };
}
/** Lets time pass for all keys. */
const pass = (site: TestMonolith, ms: number) =>
  site.query(
    `UPDATE sgn_key SET crt_ts = crt_ts - $1 * interval '1 ms', sgn_ts = sgn_ts - $1 * interval '1 ms', ret_ts = ret_ts - $1 * interval '1 ms'`,
    [ms],
  );
const minutes = (count: number) => count * 60_000;

beforeAll(async () => {
  database = await cloneDatabase();
});
beforeEach(async () => {
  await Promise.all(sites.splice(0).map((site) => site.close()));
  const site = await open();
  await site.query('DELETE FROM sgn_key');
  await Promise.all(sites.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await Promise.all(sites.map((site) => site.close()));
  await database.drop();
});

describe('signing keys', () => {
  it('are sealed in the database', async () => {
    const site = await open();
    const [row] = await site.query<{ prv_jwk: object }>('SELECT prv_jwk FROM sgn_key');
    expect(Object.keys(row?.prv_jwk ?? {}).sort()).toEqual(['alg', 'iv', 'tag', 'txt']);
  });

  it('do not open with another secret: the service says so and does not start', async () => {
    await open();
    await expect(
      open({ KEY_ENCRYPTION_SECRET: 'quite another secret than the first one' }),
    ).rejects.toThrow(/does not open with KEY_ENCRYPTION_SECRET\. Restore the secret/);
  });

  it('are published before they sign, and sign from then on', async () => {
    const site = await open();
    const [first = ''] = await kids(site);
    const before = await tokenOf(site);
    const next = await rotate(site);
    expect(next).toMatchObject({ status: 201, created: true });
    expect(next.signsFrom.getTime() - Date.now()).toBeGreaterThan(minutes(14.9));
    expect(new Set(await kids(site))).toEqual(new Set([first, next.kid]));
    expect(kidOf(await tokenOf(site))).toBe(first);

    await pass(site, minutes(15));
    const later = await open();
    expect(kidOf(await tokenOf(later))).toBe(next.kid);
    expect(await holds(later, before)).toBe(true);
  });

  it('stay published until the last token they signed is over, and log nobody out', async () => {
    const site = await open();
    const [first = ''] = await kids(site);
    const next = await rotate(site);
    const last = await tokenOf(site);
    expect(kidOf(last)).toBe(first);
    // The last token is signed when the lead is over and lives for 15 minutes; one more for wrong clocks.
    await pass(site, minutes(15 + 15 + 1) - 10_000);
    const shortBefore = await open();
    expect(await kids(shortBefore)).toContain(first);
    expect(await holds(shortBefore, last)).toBe(true);

    await pass(site, 10_000);
    const after = await open();
    expect(await kids(after)).toEqual([next.kid]);
    expect(await holds(after, last)).toBe(false);
    expect(await holds(after, await tokenOf(after))).toBe(true);
  });

  it('are rotated once when two instances rotate at once, any number of times', async () => {
    const [a, b] = [await open(), await open()];
    const both = await Promise.all([rotate(a), rotate(b), rotate(a), rotate(b)]);
    expect(new Set(both.map(({ kid }) => kid)).size).toBe(1);
    expect(both.filter(({ created }) => created)).toHaveLength(1);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(await a.query('SELECT 1 FROM sgn_key')).toHaveLength(2);
  });

  it('are made once when two instances start at once on an empty database', async () => {
    const both = await Promise.all([open(), open(), open()]);
    const [row] = both;
    expect(await row.query('SELECT 1 FROM sgn_key')).toHaveLength(1);
    expect(await kids(both[0])).toEqual(await kids(both[2]));
  });

  it('of another instance are known to all that look after it: tokens hold everywhere', async () => {
    const [a, b] = [
      await open({ KEY_PUBLISH_AHEAD_MS: '3s' }),
      await open({ KEY_PUBLISH_AHEAD_MS: '3s' }),
    ];
    const old = await tokenOf(b);
    const next = await rotate(a);
    expect(await holds(b, await tokenOf(a))).toBe(true);
    await pass(a, 3000);
    // The caches of both end after a third of the lead.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const fresh = await tokenOf(a);
    expect(kidOf(fresh)).toBe(next.kid);
    expect(kidOf(await tokenOf(b))).toBe(next.kid);
    expect(await holds(b, fresh)).toBe(true);
    expect(await holds(b, old)).toBe(true);
  });

  it('may be cached by others for less than they are published ahead', async () => {
    const site = await open();
    const answer = await createSiteClient(site.url).call('/.well-known/jwks.json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
  });

  it('are replaced when they have grown old, and not a moment before', async () => {
    const site = await open();
    const config = testConfig(database, {});
    const logger = createLogger({ service: 'test', level: 'silent' });
    const pool = createPool({ url: database.url, applicationName: 'test', logger, max: 2 });
    const accounts = createAccounts({ config, pool, logger });
    await pass(site, config.KEY_ROTATION_MS - 5000);
    await accounts.cleanUp();
    expect(await site.query('SELECT 1 FROM sgn_key')).toHaveLength(1);
    await pass(site, 5000);
    await Promise.all([accounts.cleanUp(), accounts.cleanUp()]);
    expect(await site.query('SELECT 1 FROM sgn_key')).toHaveLength(2);
    await pass(site, minutes(15 + 15 + 1));
    await accounts.cleanUp();
    expect(await site.query('SELECT 1 FROM sgn_key')).toHaveLength(1);
    await pool.end();
  });
});
