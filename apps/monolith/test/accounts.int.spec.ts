import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hash } from '@node-rs/argon2';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';
import { z } from 'zod';
import { editor, operator, password, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

const withId = z.looseObject({ id: z.string() });
const accountPage = z.object({ items: z.array(withId), nextCursor: z.string().nullable() });

let site: TestMonolith;
beforeAll(async () => {
  site = await startMonolith();
});
afterAll(() => site.close());

const client = () => createSiteClient(site.url);

describe('accounts over the API', () => {
  it('registers, logs in and shows the own account', async () => {
    const ada = client();
    const token = await ada.registered('Ada@Example.org', 'Ada Lovelace');
    const me = await ada.call('/api/v1/me', { token });
    expect(me.status).toBe(200);
    expect(me.headers.get('cache-control')).toBe('no-store');
    expect(me.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: 'Ada@Example.org',
      name: 'Ada Lovelace',
      role: 'reader',
      createdAt: expect.any(String),
    });
    expect(ada.cookies.size).toBe(0);
  });

  it('logs in whatever the case of the mail address', async () => {
    await client().registered('Grace@Example.org');
    expect(await client().token('gRACE@example.ORG')).toEqual(expect.any(String));
  });

  it('has the configured operator and editor', async () => {
    for (const [account, role] of [
      [operator, 'operator'],
      [editor, 'editor'],
    ] as const) {
      const token = await client().token(account.email);
      expect((await client().call('/api/v1/me', { token })).body).toMatchObject({ role });
    }
  });

  it('names all faults of a registration at once, and shows no password', async () => {
    const answer = await client().call('/api/v1/accounts', {
      json: { email: 'no', name: '', password: ['seven'] },
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'validation_failed',
      faults: [
        { pointer: '/body/email' },
        { pointer: '/body/name' },
        { pointer: '/body/password', value: '[hidden]' },
      ],
    });
  });

  it('refuses a password that is tried first', async () => {
    const json = { email: 'p@example.org', name: 'P', password: 'password123' };
    const answer = await client().call('/api/v1/accounts', { json });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', faults: [{ pointer: '/body/password' }] },
    });
    expect(answer.text).not.toContain('password123');
  });

  it('changes the password: tokens of before end, the new one holds', async () => {
    const lise = client();
    const before = await lise.registered('lise@example.org');
    const json = { currentPassword: password, newPassword: 'nuclear fission in snow' };
    const changed = await lise.call('/api/v1/me/password', { token: before, json });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
    });
    expect((await lise.call('/api/v1/me', { token: before })).status).toBe(401);
    await expect(lise.token('lise@example.org')).rejects.toThrow('401');
    const after = await lise.token('lise@example.org', 'nuclear fission in snow');
    expect((await lise.call('/api/v1/me', { token: after })).status).toBe(200);
  });

  it('changes no password without the current one, or to a weak one', async () => {
    const token = await client().registered('emmy@example.org');
    const change = (json: object) => client().call('/api/v1/me/password', { token, json });
    expect(
      await change({
        currentPassword: 'not the current one',
        newPassword: 'rings and their ideals',
      }),
    ).toMatchObject({
      status: 403,
      body: { code: 'account_password_wrong' },
    });
    expect(await change({ currentPassword: password, newPassword: 'short' })).toMatchObject({
      status: 400,
      body: { faults: [{ pointer: '/body/newPassword' }] },
    });
    expect((await client().call('/api/v1/me', { token })).status).toBe(200);
  });

  it('deletes the account with its sessions, and refuses its tokens', async () => {
    const email = 'gone@example.org';
    const token = await client().registered(email);
    const remove = (json: object) => client().call('/api/v1/me', { method: 'DELETE', token, json });
    expect((await remove({ password: 'not the current one' })).status).toBe(403);
    expect((await remove({ password })).status).toBe(204);
    expect((await client().call('/api/v1/me', { token })).status).toBe(401);
    await expect(client().token(email)).rejects.toThrow('401');
    expect(await site.query('SELECT 1 FROM usr WHERE eml_lc = $1', [email])).toEqual([]);
    expect(await client().registered(email)).toEqual(expect.any(String));
  });

  it('keeps no mail address or network address among the attempts', async () => {
    await client().call('/api/v1/tokens', {
      json: { email: 'trace@example.org', password: 'wrong password' },
    });
    const rows = await site.query<{ att_key: string }>('SELECT DISTINCT att_key FROM log_att');
    expect(rows.length).toBeGreaterThan(0);
    for (const { att_key } of rows) expect(att_key).toMatch(/^[\w-]{43}$/);
  });

  it('makes an old hash new at the next log-in, and only then', async () => {
    const email = 'old@example.org';
    await client().registered(email);
    const stored = async () =>
      (
        await site.query<{ pwd_hsh: string }>('SELECT pwd_hsh FROM usr WHERE eml_lc = $1', [email])
      )[0]?.pwd_hsh;
    const fresh = await stored();
    await client().token(email);
    expect(await stored()).toBe(fresh);

    const outdated = await hash(password, { memoryCost: 128, timeCost: 1, parallelism: 1 });
    await site.query('UPDATE usr SET pwd_hsh = $2 WHERE eml_lc = $1', [email, outdated]);
    await client().token(email);
    expect(await stored()).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    expect(await client().token(email)).toEqual(expect.any(String));
  });

  it('lets nobody in who is suspended, or has no password', async () => {
    const token = await client().registered('suspended@example.org');
    await site.query(`UPDATE usr SET sts = 'X' WHERE eml_lc = 'suspended@example.org'`);
    expect((await client().call('/api/v1/me', { token })).status).toBe(401);
    await expect(client().token('suspended@example.org')).rejects.toThrow('401');

    await client().registered('nobody@example.org');
    await site.query(`UPDATE usr SET pwd_hsh = NULL WHERE eml_lc = 'nobody@example.org'`);
    await expect(client().token('nobody@example.org')).rejects.toThrow('401');
  });
});

describe('accounts for the operator', () => {
  it('pages through all accounts, and finds one by its address', async () => {
    const token = await client().token(operator.email);
    for (const name of ['one', 'two', 'three']) await client().registered(`${name}@list.example`);
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await client().call(`/api/v1/accounts?limit=2${query}`, { token });
      const body = accountPage.parse(page.body);
      expect(body.items.length).toBeLessThanOrEqual(2);
      ids.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    const [row] = await site.query<{ cnt: number }>('SELECT count(*)::int AS cnt FROM usr');
    expect(ids).toHaveLength(row?.cnt ?? 0);
    expect(new Set(ids).size).toBe(ids.length);
    const found = await client().call('/api/v1/accounts?email=TWO%40list.example', { token });
    expect(found.body).toMatchObject({ items: [{ email: 'two@list.example' }], nextCursor: null });
    expect((await client().call('/api/v1/accounts?cursor=AAAA', { token })).status).toBe(400);
  });

  it('gives a role, which holds at once', async () => {
    const token = await client().registered('contributor@example.org');
    const me = withId.parse((await client().call('/api/v1/me', { token })).body);
    const given = await client().call(`/api/v1/accounts/${me.id}/role`, {
      method: 'PUT',
      token: await client().token(operator.email),
      json: { role: 'contributor' },
    });
    expect(given).toMatchObject({ status: 200, body: { id: me.id, role: 'contributor' } });
    expect((await client().call('/api/v1/me', { token })).body).toMatchObject({
      role: 'contributor',
    });
  });

  it('is refused to an editor and to strangers', async () => {
    const token = await client().token(editor.email);
    expect((await client().call('/api/v1/accounts', { token })).status).toBe(403);
    expect(
      (await client().call('/api/v1/signing-keys/rotations', { method: 'POST', token })).status,
    ).toBe(403);
    expect((await client().call('/api/v1/accounts')).status).toBe(401);
  });

  it('keeps the last operator, also when two leave at once', async () => {
    const first = await client().token(operator.email);
    const firstId = withId.parse((await client().call('/api/v1/me', { token: first })).body).id;
    const demote = (id: string, token: string) =>
      client().call(`/api/v1/accounts/${id}/role`, {
        method: 'PUT',
        token,
        json: { role: 'reader' },
      });
    expect(await demote(firstId, first)).toMatchObject({
      status: 409,
      body: { code: 'account_last_operator' },
    });
    const leave = await client().call('/api/v1/me', {
      method: 'DELETE',
      token: first,
      json: { password },
    });
    expect(leave).toMatchObject({ status: 409, body: { code: 'account_last_operator' } });

    const second = await client().registered('second@example.org');
    const secondId = withId.parse((await client().call('/api/v1/me', { token: second })).body).id;
    await client().call(`/api/v1/accounts/${secondId}/role`, {
      method: 'PUT',
      token: first,
      json: { role: 'operator' },
    });
    // Both wait for the rows, so that both have looked before either writes.
    const holder = new pg.Client({ connectionString: site.database.ownerUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM usr FOR UPDATE');
    const leaving = Promise.all([demote(firstId, second), demote(secondId, first)]);
    await eventually(async () => {
      const waiting = await site.query('SELECT DISTINCT pid FROM pg_locks WHERE NOT granted');
      expect(waiting).toHaveLength(2);
    });
    await holder.query('ROLLBACK');
    await holder.end();
    const both = await leaving;
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await site.query(`SELECT 1 FROM usr WHERE rol = 'O'`)).toHaveLength(1);
    await site.query(`UPDATE usr SET rol = 'O' WHERE eml_lc = $1`, [operator.email]);
  });
});
