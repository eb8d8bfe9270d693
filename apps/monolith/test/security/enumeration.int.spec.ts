import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { password, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import { comparable, createVisitor } from './visitor.ts';

const known = 'known@example.org';
const unknown = 'never@example.org';

let site: TestMonolith;
beforeAll(async () => {
  site = await startMonolith({ LOGIN_ATTEMPTS_PER_ACCOUNT: '3' });
  await createSiteClient(site.url).registered(known);
});
afterAll(() => site.close());

const api = (path: string, json: object) => createSiteClient(site.url).call(path, { json });
const page = (path: string, fields: Record<string, string>) =>
  createVisitor(site.url).send(path, path, fields);
/** With the mail address that was typed, which the form shows again. */
const blank = (answer: Parameters<typeof comparable>[0], email: string) => {
  const { text, headers, status } = comparable(answer);
  const size = headers.filter((line) => !line.startsWith('content-length'));
  return { status, headers: size, text: text.replaceAll(email, 'ADDRESS') };
};

describe('nobody learns who has an account', () => {
  it('from a log-in over the API', async () => {
    const answers = await Promise.all(
      [known, unknown].map((email) => api('/api/v1/tokens', { email, password: 'wrong password' })),
    );
    const [one, other] = answers.map(comparable);
    expect(one?.status).toBe(401);
    expect(one).toEqual(other);
  });

  it('from the log-in page', async () => {
    const fields = (email: string) => ({ email, password: 'wrong password' });
    const one = blank(await page('/login', fields(known)), known);
    const other = blank(await page('/login', fields(unknown)), unknown);
    expect(one.status).toBe(400);
    expect(one).toEqual(other);
  });

  it('from the limit of attempts', async () => {
    const answers = async (email: string) => {
      await site.query('DELETE FROM log_att');
      const all = [];
      for (let i = 0; i < 4; i += 1)
        all.push(comparable(await api('/api/v1/tokens', { email, password: 'wrong password' })));
      return all;
    };
    const [one, other] = [await answers(known), await answers(unknown)];
    expect(one.map(({ status }) => status)).toEqual([401, 401, 401, 429]);
    const seconds = (all: typeof one) =>
      JSON.stringify(all).replace(
        /\d+ (seconds|minutes)|retry-after: \d+|content-length: \d+/g,
        'WAIT',
      );
    expect(seconds(one)).toEqual(seconds(other));
  });

  it('from a registration over the API, which leaves the account as it is', async () => {
    const before = await site.query('SELECT * FROM usr WHERE eml_lc = $1', [known]);
    const body = { name: 'Somebody Else', password: 'quite another password' };
    const one = comparable(await api('/api/v1/accounts', { ...body, email: known.toUpperCase() }));
    const other = comparable(await api('/api/v1/accounts', { ...body, email: unknown }));
    expect(one.status).toBe(202);
    expect(one).toEqual(other);
    expect(await site.query('SELECT * FROM usr WHERE eml_lc = $1', [known])).toEqual(before);
  });

  it('from the page of registration', async () => {
    const fields = { name: 'Somebody Else', password: 'quite another password' };
    const one = comparable(await page('/register', { ...fields, email: known }));
    const other = comparable(await page('/register', { ...fields, email: 'fresh@example.org' }));
    expect(one.status).toBe(303);
    expect(one).toEqual(other);
  });

  it('from faults: they are told before anybody looks whether the address is taken', async () => {
    const fault = (email: string) =>
      api('/api/v1/accounts', { email, name: 'A', password: 'short' });
    const [one, other] = [await fault(known), await fault('fresh2@example.org')].map(comparable);
    expect(one?.status).toBe(400);
    expect(one).toEqual(other);
  });

  it('from comments or articles, which show names and no mail addresses', async () => {
    const { text } = await createSiteClient(site.url).call('/api/v1/articles');
    expect(text).not.toContain('@');
  });

  it('from an account that was deleted, suspended or has no password', async () => {
    await site.query('DELETE FROM log_att');
    const wrong = comparable(
      await api('/api/v1/tokens', { email: unknown + '.invalid', password }),
    );
    for (const change of [`sts = 'X'`, 'pwd_hsh = NULL']) {
      const email = `state-${change.length}@example.org`;
      await createSiteClient(site.url).registered(email);
      await site.query(`UPDATE usr SET ${change} WHERE eml_lc = $1`, [email]);
      expect(comparable(await api('/api/v1/tokens', { email, password }))).toEqual(wrong);
    }
  });
});
