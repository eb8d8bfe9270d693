import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { subRoutes } from '../src/subscriptions/routes.ts';
import type { SubInt } from '../src/subscriptions/sub-int.ts';
import { createSub } from '../src/subscriptions/sub-mod.ts';
import type { Base, Site } from './articles-site.ts';
import {
  addPerson,
  codeOf,
  itemsOf,
  must,
  published,
  startBase,
  startSite,
} from './articles-site.ts';

let base: Base;
let site: Site;
let sub: SubInt;

beforeAll(async () => {
  base = await startBase();
  sub = createSub({ ...base, now: () => base.clock.now });
  site = await startSite(base, [subRoutes({ sub })]);
  await published(base, { artRef: 'a', tops: ['Optics', 'R&D / 50%'] });
});
afterAll(async () => {
  await site.close();
  await base.close();
});

async function tokenOf(usrId: number): Promise<string> {
  const { rows } = await base.pool.query<{ uns_tok: string }>(
    'select uns_tok from dgst_cfg where usr_id = $1',
    [usrId],
  );
  return rows[0]?.uns_tok ?? '';
}

describe('following', () => {
  it('is of topics and sections that exist', async () => {
    const { usrId } = base.people.reader;
    must(await sub.addSub(usrId, 'T', 'Optics'));
    must(await sub.addSub(usrId, 'T', 'Optics'));
    must(await sub.addSub(usrId, 'S', 'neuroscience'));
    expect(codeOf(await sub.addSub(usrId, 'T', 'optics'))).toBe('subscription_unknown_topic');
    expect(codeOf(await sub.addSub(usrId, 'T', 'a\0'))).toBe('subscription_unknown_topic');
    expect(codeOf(await sub.addSub(usrId, 'S', 'Neuroscience'))).toBe(
      'subscription_unknown_section',
    );
    expect(await sub.lstSub(usrId)).toEqual([
      { knd: 'S', val: 'neuroscience', nm: 'Neuroscience', crtTs: base.clock.now },
      { knd: 'T', val: 'Optics', nm: 'Optics', crtTs: base.clock.now },
    ]);
    expect(await sub.delSub(usrId, 'T', 'Optics')).toBe(true);
    expect(await sub.delSub(usrId, 'T', 'Optics')).toBe(false);
    expect(await sub.delSub(usrId, 'T', 'a\0')).toBe(false);
  });

  it('ends at 200, also when it comes all at once', async () => {
    const eager = await addPerson(base.pool, 'Eager', 'R');
    await sub.setDgst(eager.usrId, true);
    await base.pool.query(
      `insert into sub_itm (usr_id, knd, val) select $1, 'T', 'old ' || n from generate_series(1, 199) n`,
      [eager.usrId],
    );
    const tops = Array.from({ length: 10 }, (_, n) => `Topic ${n}`);
    await published(base, { artRef: 'many', tops });
    // All connections are open, so that the requests do meet.
    await Promise.all(tops.map(() => base.pool.query('select pg_sleep(0.05)')));
    const results = await Promise.all(tops.map((top) => sub.addSub(eager.usrId, 'T', top)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.filter(({ ok }) => !ok).map(codeOf)).toEqual(
      Array(9).fill('subscription_limit_reached'),
    );
  });
});

describe('the mails', () => {
  it('are on until they are switched off, and on again by following', async () => {
    const { usrId } = base.people.other;
    expect(await sub.getDgst(usrId)).toBe(true);
    await sub.setDgst(usrId, false);
    expect(await sub.getDgst(usrId)).toBe(false);
    must(await sub.addSub(usrId, 'T', 'Optics'));
    expect(await sub.getDgst(usrId)).toBe(true);
    await sub.setDgst(usrId, false);
    // Following what is followed already is no wish for mails.
    must(await sub.addSub(usrId, 'T', 'Optics'));
    expect(await sub.getDgst(usrId)).toBe(false);
  });

  it('end by the link of a mail, whose page alone changes nothing', async () => {
    const { usrId } = base.people.writer;
    must(await sub.addSub(usrId, 'T', 'Optics'));
    const token = await tokenOf(usrId);
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(await sub.getUns(token)).toEqual({ emlMsk: 'w…r@example.org', act: true });
    expect(await sub.getDgst(usrId)).toBe(true);
    expect(await sub.doUns(token)).toEqual({ emlMsk: 'w…r@example.org', act: false });
    expect(await sub.doUns(token)).toEqual({ emlMsk: 'w…r@example.org', act: false });
    expect(await sub.getDgst(usrId)).toBe(false);
    expect(await sub.lstSub(usrId)).toHaveLength(1);
    for (const wrong of ['', 'x'.repeat(32), `${token}\0`, token.slice(1)]) {
      expect(await sub.getUns(wrong)).toBeNull();
      expect(await sub.doUns(wrong)).toBeNull();
    }
  });
});

describe('over HTTP', () => {
  it('is followed and left', async () => {
    const as = base.people.editor;
    const topic = '/api/v1/me/subscriptions/topics/R%26D%20%2F%2050%25';
    expect((await site.ask('PUT', topic)).status).toBe(401);
    expect((await site.ask('PUT', topic, { as })).status).toBe(204);
    expect(
      (await site.ask('PUT', '/api/v1/me/subscriptions/sections/neuroscience', { as })).status,
    ).toBe(204);
    expect(
      (await site.ask('PUT', '/api/v1/me/subscriptions/sections/nowhere', { as })).body['code'],
    ).toBe('subscription_unknown_section');
    const list = await site.ask('GET', '/api/v1/me/subscriptions', { as });
    expect(list.body).toMatchObject({ digest: { active: true } });
    expect(itemsOf(list.body)).toMatchObject([
      { kind: 'section', value: 'neuroscience', name: 'Neuroscience' },
      { kind: 'topic', value: 'R&D / 50%', name: 'R&D / 50%' },
    ]);
    expect((await site.ask('DELETE', topic, { as })).status).toBe(204);
    expect((await site.ask('DELETE', topic, { as })).body['code']).toBe('subscription_not_found');
    expect(
      (await site.ask('DELETE', '/api/v1/me/subscriptions/sections/neuroscience', { as })).status,
    ).toBe(204);
    expect(
      (await site.ask('PUT', '/api/v1/me/digest', { as, body: { active: false } })).body,
    ).toEqual({ active: false });
    expect(
      (await site.ask('PUT', '/api/v1/me/digest', { as, body: { active: 'no' } })).status,
    ).toBe(400);
    expect((await site.ask('GET', '/api/v1/me/subscriptions')).status).toBe(401);
  });

  it('unsubscribes for a mail client at one click, for a form with a way back, without logging in', async () => {
    const { usrId } = base.people.operator;
    await sub.setDgst(usrId, true);
    const token = await tokenOf(usrId);
    const post = (body: string, type: string, to = token) =>
      site.ask('POST', `/unsubscribe/${to}`, { body, headers: { 'content-type': type } });
    const form = 'application/x-www-form-urlencoded';
    const oneClick = await post('List-Unsubscribe=One-Click', form);
    expect([oneClick.status, oneClick.headers.get('content-type')]).toEqual([
      200,
      'text/plain; charset=utf-8',
    ]);
    expect(await sub.getDgst(usrId)).toBe(false);
    await sub.setDgst(usrId, true);
    const part =
      '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n';
    expect((await post(part, 'multipart/form-data; boundary=b')).status).toBe(200);
    expect(await sub.getDgst(usrId)).toBe(false);
    await sub.setDgst(usrId, true);
    const page = await post('', form);
    expect([page.status, page.headers.get('location')]).toEqual([303, `/unsubscribe/${token}`]);
    expect(await sub.getDgst(usrId)).toBe(false);
    expect(await post('', form, 'x'.repeat(32))).toMatchObject({
      status: 404,
      body: { code: 'unsubscribe_link_unknown' },
    });
    expect((await post('', form, '%00')).status).toBe(404);
  });
});
