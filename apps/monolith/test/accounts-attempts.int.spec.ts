import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { createFormBrowser, createMember } from './form-browser.ts';
import { startFormSite } from './form-site.ts';
import type { FormSite } from './form-site.ts';
import { cloneDatabase, password } from './monolith.ts';
import type { Env } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

let database: TestDatabase;
let db: pg.Pool;
let site: FormSite;
const sites: FormSite[] = [];
async function open(env: Env = {}): Promise<FormSite> {
  const opened = await startFormSite(database, env);
  sites.push(opened);
  return opened;
}

beforeAll(async () => {
  database = await cloneDatabase();
  db = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  db.on('error', () => undefined);
  site = await open();
  await member('honest@example.org');
});
afterAll(async () => {
  await Promise.all(sites.map((one) => one.close()));
  await db.end();
  await database.drop();
});

const browser = (url = site.url) => createFormBrowser(url);
const member = (email: string) => createMember(site.url, email);

describe('attempts', () => {
  const limited = async (env: Env) =>
    open({
      LOGIN_ATTEMPTS_PER_ACCOUNT: '3',
      LOGIN_ATTEMPTS_PER_ADDRESS: '5',
      ATTEMPT_WINDOW_MS: '10m',
      ...env,
    });
  const attempt = (url: string, email: string, pwd: string, headers: Record<string, string> = {}) =>
    createSiteClient(url).call('/api/v1/tokens', { json: { email, password: pwd }, headers });
  const clear = () => db.query('DELETE FROM log_att');

  it('are limited per account, over all instances, and the right password does not help', async () => {
    await clear();
    const [a, b] = [
      await limited({ LOGIN_ATTEMPTS_PER_ADDRESS: '1000' }),
      await limited({ LOGIN_ATTEMPTS_PER_ADDRESS: '1000' }),
    ];
    await member('limited@example.org');
    for (const { url } of [a, b, a])
      expect((await attempt(url, 'limited@example.org', 'wrong password')).status).toBe(401);
    for (const { url } of [a, b]) {
      const refused = await attempt(url, 'LIMITED@example.org', password);
      expect(refused).toMatchObject({
        status: 429,
        body: { code: 'account_attempts_exceeded', retryable: true },
      });
      const seconds = Number(refused.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(590);
      expect(seconds).toBeLessThanOrEqual(600);
    }
    expect((await attempt(a.url, 'honest@example.org', password)).status).toBe(200);
  });

  it('are admitted again as soon as the oldest leaves the window, and not before', async () => {
    const a = await limited({ LOGIN_ATTEMPTS_PER_ADDRESS: '1000' });
    await db.query(`UPDATE log_att SET att_ts = now() - interval '9 minutes 55 seconds'`);
    const refused = await attempt(a.url, 'limited@example.org', password);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(5);
    await db.query(
      `UPDATE log_att SET att_ts = now() - interval '10 minutes' WHERE att_id IN (SELECT min(att_id) FROM log_att GROUP BY att_key)`,
    );
    expect((await attempt(a.url, 'limited@example.org', password)).status).toBe(200);
  });

  it('count from the beginning again after a log-in', async () => {
    await clear();
    const a = await limited({ LOGIN_ATTEMPTS_PER_ADDRESS: '6' });
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 2; i += 1)
        expect((await attempt(a.url, 'honest@example.org', 'wrong password')).status).toBe(401);
      expect((await attempt(a.url, 'honest@example.org', password)).status).toBe(
        round < 2 ? 200 : 429,
      );
    }
  });

  it('are limited per address, whatever the account; X-Forwarded-For of a stranger changes nothing', async () => {
    await clear();
    const a = await limited({});
    for (let i = 0; i < 5; i += 1) {
      const headers = { 'x-forwarded-for': `192.0.2.${i}` };
      expect(
        (await attempt(a.url, `nobody-${i}@example.org`, 'wrong password', headers)).status,
      ).toBe(401);
    }
    expect(
      (await attempt(a.url, 'honest@example.org', password, { 'x-forwarded-for': '192.0.2.99' }))
        .status,
    ).toBe(429);
  });

  it('are told apart by X-Forwarded-For behind a trusted proxy, by its last address only', async () => {
    await clear();
    const a = await limited({ TRUST_PROXY: '127.0.0.1' });
    const from = (xff: string) =>
      attempt(a.url, `nobody-${Math.random()}@example.org`, 'wrong password', {
        'x-forwarded-for': xff,
      });
    for (let i = 0; i < 5; i += 1)
      expect((await from(`198.51.100.${i}, 192.0.2.7`)).status).toBe(401);
    expect((await from('198.51.100.77, 192.0.2.7')).status).toBe(429);
    expect((await from('192.0.2.8')).status).toBe(401);
    for (let i = 0; i < 5; i += 1)
      expect((await from(`203.0.113.${i}, 127.0.0.1`)).status).toBe(401);
    expect((await from('203.0.113.77, 127.0.0.1')).status).toBe(429);
    for (let i = 0; i < 5; i += 1) expect((await from(`2001:db8:1:2::${i}`)).status).toBe(401);
    expect((await from('2001:db8:1:2:ffff::1')).status).toBe(429);
    expect((await from('2001:db8:1:3::1')).status).toBe(401);
  });

  it('in parallel gain nothing', async () => {
    await clear();
    const a = await limited({ LOGIN_ATTEMPTS_PER_ADDRESS: '1000' });
    const all = await Promise.all(
      Array.from({ length: 20 }, () => attempt(a.url, 'parallel@example.org', 'wrong password')),
    );
    expect(all.filter(({ status }) => status === 401)).toHaveLength(3);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(17);
  });

  it('count when somebody with a session guesses the password', async () => {
    await clear();
    const a = await limited({});
    await member('guess@example.org');
    await clear();
    const here = browser(a.url);
    await here.enter('guess@example.org');
    for (let i = 0; i < 3; i += 1)
      expect((await here.send('/delete', { password: 'wrong password' })).status).toBe(403);
    expect((await here.send('/delete', { password })).status).toBe(429);
  });

  it('to register are limited per address', async () => {
    await clear();
    const a = await limited({ REGISTRATIONS_PER_ADDRESS: '2' });
    const register = (i: number) =>
      createSiteClient(a.url).call('/api/v1/accounts', {
        json: { email: `many-${i}@example.org`, name: 'Many', password },
      });
    expect((await register(1)).status).toBe(202);
    expect((await register(2)).status).toBe(202);
    expect((await register(3)).status).toBe(429);
  });
});
