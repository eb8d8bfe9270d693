import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { createFormBrowser, createMember } from './form-browser.ts';
import type { FormBrowser } from './form-browser.ts';
import { startFormSite } from './form-site.ts';
import type { FormSite } from './form-site.ts';
import { cloneDatabase, password } from './monolith.ts';
import type { Env } from './monolith.ts';

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
  site = await open({ SESSION_IDLE_MS: '1h', SESSION_MAX_MS: '24h' });
});
afterAll(async () => {
  await Promise.all(sites.map((one) => one.close()));
  await db.end();
  await database.drop();
});

const browser = (url = site.url) => createFormBrowser(url);
const member = (email: string) => createMember(site.url, email);
const viewer = async (of: FormBrowser) => (await of.look()).viewer.kind;

describe('sessions', () => {
  it('begin with the log-in and end with the log-out, in the database too', async () => {
    const one = await member('in-and-out@example.org');
    expect((await one.look()).viewer).toMatchObject({
      kind: 'user',
      nm: 'in-and-out@example.org',
      via: 'session',
    });
    const stolen = one.cookies.get('ns_session') ?? '';
    await one.send('/logout');
    expect(one.cookies.has('ns_session')).toBe(false);
    expect(await viewer(one)).toBe('anonymous');
    const thief = browser();
    thief.cookies.set('ns_session', stolen);
    expect(await viewer(thief)).toBe('anonymous');
  });

  it('are in a cookie that scripts and other sites do not get', async () => {
    await member('cookie@example.org');
    const lines = (await browser().enter('cookie@example.org')).headers.getSetCookie();
    const session = lines.find((line) => line.startsWith('ns_session='));
    expect(session).toMatch(
      /^ns_session=[\w-]{43}; Max-Age=86400; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
  });

  it('have a __Host- cookie with Secure where the site is on https', async () => {
    const secure = await open({ PUBLIC_URL: 'https://newscience.example' });
    const one = browser(secure.url);
    const answer = await one.enter('cookie@example.org');
    expect(answer.headers.getSetCookie().find((line) => line.includes('ns_session'))).toMatch(
      /^__Host-ns_session=[\w-]{43}; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(await viewer(one)).toBe('user');
  });

  it('are known to the database by their hash only', async () => {
    const one = await member('hashed@example.org');
    const sid = one.cookies.get('ns_session') ?? '';
    const { rows } = await db.query<{ all: string }>(
      `SELECT string_agg(s::text, ' ') AS all FROM usr_sess s`,
    );
    expect(rows[0]?.all).not.toContain(sid);
    expect(rows[0]?.all).not.toContain(Buffer.from(sid).toString('hex'));
  });

  it('get a new id at each log-in; one planted before is worth nothing, the former ends', async () => {
    const one = await member('fixation@example.org');
    const former = one.cookies.get('ns_session') ?? '';
    await one.enter('fixation@example.org');
    expect(one.cookies.get('ns_session')).not.toBe(former);
    const held = browser();
    held.cookies.set('ns_session', former);
    expect(await viewer(held)).toBe('anonymous');

    const planted = 'A'.repeat(43);
    const victim = browser();
    victim.cookies.set('ns_session', planted);
    await victim.enter('fixation@example.org');
    expect(victim.cookies.get('ns_session')).not.toBe(planted);
    const attacker = browser();
    attacker.cookies.set('ns_session', planted);
    expect(await viewer(attacker)).toBe('anonymous');
  });

  it('get a new id with a new password, and the others of the account end', async () => {
    const one = await member('password@example.org');
    const elsewhere = browser();
    await elsewhere.enter('password@example.org');
    const former = one.cookies.get('ns_session');
    expect(
      (await one.send('/password', { current: password, next: 'orbits of the outer planets' }))
        .status,
    ).toBe(200);
    expect(one.cookies.get('ns_session')).not.toBe(former);
    expect(await viewer(one)).toBe('user');
    expect(await viewer(elsewhere)).toBe('anonymous');
  });

  it('are not opened by a log-in that was under way while the password changed', async () => {
    const one = await member('race@example.org');
    const late = browser();
    const { csrf } = await late.look();
    // The change holds the row; the log-in has proved the old password and waits to open its session.
    const client = await db.connect();
    await client.query('BEGIN');
    await client.query(`UPDATE usr SET tok_ver = tok_ver + 1 WHERE eml_lc = 'race@example.org'`);
    const answer = late.call('/login', {
      form: { _csrf: csrf, email: 'race@example.org', password },
    });
    await eventually(async () => {
      const { rows } = await db.query('SELECT 1 FROM pg_locks WHERE NOT granted');
      expect(rows).toHaveLength(1);
    });
    await client.query(
      `DELETE FROM usr_sess USING usr WHERE usr.usr_id = usr_sess.usr_id AND eml_lc = 'race@example.org'`,
    );
    await client.query('COMMIT');
    client.release();
    expect((await answer).status).toBe(403);
    expect(await viewer(late)).toBe('anonymous');
    expect(await viewer(one)).toBe('anonymous');
  });

  it.each([
    ['idle for less than the limit', "sen_ts = now() - interval '59 minutes 50 seconds'", 'user'],
    ['idle for longer', "sen_ts = now() - interval '60 minutes 1 second'", 'anonymous'],
    ['used to the last but not past its end', "exp_ts = now() + interval '10 seconds'", 'user'],
    ['past its end, however busy', "exp_ts = now() - interval '1 second'", 'anonymous'],
  ])('%s', async (_name, change, kind) => {
    const email = `expiry-${_name.replaceAll(/\W/g, '')}@example.org`;
    const one = await member(email);
    await db.query(
      `UPDATE usr_sess SET ${change} WHERE usr_id = (SELECT usr_id FROM usr WHERE eml_lc = lower($1))`,
      [email],
    );
    expect(await viewer(one)).toBe(kind);
  });

  it('stay alive by use', async () => {
    const one = await member('busy@example.org');
    const seen = `SELECT sen_ts > now() - interval '1 minute' AS fresh FROM usr_sess JOIN usr USING (usr_id) WHERE eml_lc = 'busy@example.org'`;
    await db.query(
      `UPDATE usr_sess SET sen_ts = now() - interval '30 minutes' FROM usr WHERE usr.usr_id = usr_sess.usr_id AND eml_lc = 'busy@example.org'`,
    );
    await one.look();
    expect((await db.query<{ fresh: boolean }>(seen)).rows).toEqual([{ fresh: true }]);
  });

  it('end with the account', async () => {
    const one = await member('leaver@example.org');
    const elsewhere = browser();
    await elsewhere.enter('leaver@example.org');
    expect((await one.send('/delete', { password: 'not the current one' })).status).toBe(403);
    expect((await one.send('/delete', { password })).status).toBe(200);
    expect(await viewer(one)).toBe('anonymous');
    expect(await viewer(elsewhere)).toBe('anonymous');
  });

  it('work on every instance', async () => {
    const second = await open();
    const one = await member('two-instances@example.org');
    const there = browser(second.url);
    for (const [name, value] of one.cookies) there.cookies.set(name, value);
    expect(await there.look()).toEqual(await one.look());
  });
});

describe('cross-site request forgery', () => {
  const login = { email: 'csrf@example.org', password };
  let one: FormBrowser;
  beforeAll(async () => {
    one = await member('csrf@example.org');
  });

  it('is refused without a token, with a wrong one and with one of another browser', async () => {
    const other = await browser().look();
    for (const _csrf of [undefined, '', 'x', other.csrf]) {
      const answer = await one.call('/logout', { form: _csrf === undefined ? {} : { _csrf } });
      expect(answer).toMatchObject({ status: 403, body: { code: 'csrf_refused' } });
    }
    expect(await viewer(one)).toBe('user');
  });

  it('is refused for anonymous forms too: nobody is logged in to another account', async () => {
    const victim = browser();
    expect((await victim.call('/login', { form: login })).status).toBe(403);
    const attacker = await browser().look();
    expect((await victim.call('/login', { form: { ...login, _csrf: attacker.csrf } })).status).toBe(
      403,
    );
    await victim.look();
    expect((await victim.call('/login', { form: { ...login, _csrf: attacker.csrf } })).status).toBe(
      403,
    );
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['the same host on another port', { origin: 'http://127.0.0.1:9' }],
    ['no origin a browser would tell', { origin: 'null' }],
    [
      'no origin a browser would tell, from another site',
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
    ],
    ['another site, without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sister domain, without Origin', { 'sec-fetch-site': 'same-site' }],
  ])('is refused from %s, even with the right token', async (_name, headers) => {
    expect((await one.send('/logout', {}, headers)).status).toBe(403);
  });

  it.each([
    ['the public address', { origin: 'http://127.0.0.1:8080' }],
    ['a page without referrer', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['an old client', {}],
  ])('is no reason to refuse %s', async (_name, headers) => {
    expect((await browser().send('/login', login, headers)).status).toBe(200);
  });

  it('lets the host that was asked pass as origin', async () => {
    expect((await browser().send('/login', login, { origin: site.url })).status).toBe(200);
  });

  it('needs the header for API calls with the cookie, and nothing for bearer tokens', async () => {
    const json = { currentPassword: password, newPassword: 'eclipses seen from the sea' };
    expect(await one.call('/api/v1/me/password', { json })).toMatchObject({
      status: 403,
      body: { code: 'csrf_refused' },
    });
    expect(
      (await one.call('/api/v1/me/password', { json, headers: { 'x-csrf-token': 'x' } })).status,
    ).toBe(403);
    const { csrf } = await one.look();
    const evil = { 'x-csrf-token': csrf, origin: 'https://evil.example' };
    expect((await one.call('/api/v1/me/password', { json, headers: evil })).status).toBe(403);
    expect((await one.call('/api/v1/me')).status).toBe(200);

    const token = await browser().token('csrf@example.org');
    const back = { currentPassword: password, newPassword: 'eclipses seen from the sea' };
    expect((await browser().call('/api/v1/me/password', { token, json: back })).status).toBe(200);
    await browser().enter('csrf@example.org', 'eclipses seen from the sea');
  });

  it('gives a session over the API a new cookie with a new password', async () => {
    const email = 'api-session@example.org';
    const both = await member(email);
    const former = both.cookies.get('ns_session');
    const json = { currentPassword: password, newPassword: 'eclipses seen from the sea' };
    const headers = { 'x-csrf-token': (await both.look()).csrf };
    expect((await both.call('/api/v1/me/password', { json, headers })).status).toBe(200);
    expect(both.cookies.get('ns_session')).not.toBe(former);
    expect(await viewer(both)).toBe('user');
  });
});
