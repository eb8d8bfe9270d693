import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, operator, password } from '../monolith.ts';
import { startPlantedSite } from './planted-site.ts';
import type { PlantedSite } from './planted-site.ts';
import { createVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

let site: PlantedSite;
let visitor: Visitor;
beforeAll(async () => {
  site = await startPlantedSite();
  visitor = createVisitor(site.url);
  await visitor.logIn(editor.email);
});
afterAll(() => site.close());

/** The targets of all forms that are sent by POST, as found on the pages, the pages' buttons included. */
async function formsOn(pages: string[], reader: Visitor): Promise<string[]> {
  const found = new Set<string>();
  for (const page of pages) {
    const { text } = await reader.call(page);
    for (const [tag] of text.matchAll(/<form [^>]*method="post"[^>]*>/g)) {
      const action = /action="([^"]*)"/.exec(tag)?.[1] ?? page;
      found.add(action.split('#')[0] ?? action);
    }
    for (const [, action = ''] of text.matchAll(/formaction="([^"]*)"/g)) found.add(action);
  }
  return [...found];
}

const state = () =>
  site.query(
    `SELECT (SELECT string_agg(u::text, ',' ORDER BY usr_id) FROM usr u) AS users, (SELECT string_agg(a::text, ',' ORDER BY art_id) FROM art a) AS articles,
            (SELECT string_agg(c::text, ',' ORDER BY cmt_id) FROM cmt c) AS comments, (SELECT count(*) FROM sub_itm) AS subscriptions,
            (SELECT string_agg(sess_hsh::text, ',' ORDER BY sess_hsh) FROM usr_sess) AS sessions`,
  );

describe('a form that another site sends', () => {
  it('changes nothing, whichever of our forms it is', async () => {
    const pages = [
      '/',
      '/account',
      '/desk',
      '/desk/new',
      '/desk/comments',
      `/desk/articles/${site.article}`,
      `/articles/${site.article}`,
    ];
    const actions = [
      ...(await formsOn(pages, visitor)),
      ...(await formsOn(['/login', '/register'], createVisitor(site.url))),
    ];
    for (const wanted of [
      '/login',
      '/register',
      '/logout',
      '/account/password',
      '/account/delete',
      '/account/follow',
      '/desk/new',
      `/articles/${site.article}/comments`,
    ]) {
      expect(actions).toContain(wanted);
    }
    const token = await visitor.tokenOn('/account');
    expect(token).not.toBe('');
    const before = await state();
    const fields = {
      email: operator.email,
      password,
      text: 'forged',
      title: 'forged',
      topic: 'x',
      active: 'on',
      revision: '2',
    };
    const passed: string[] = [];
    for (const action of actions) {
      const forged = [
        { form: fields },
        { form: { ...fields, _csrf: 'x'.repeat(43) } },
        { form: { ...fields, _csrf: token }, headers: { origin: 'https://evil.example' } },
        { form: { ...fields, _csrf: token }, headers: { 'sec-fetch-site': 'cross-site' } },
        {
          raw: JSON.stringify({ ...fields, _csrf: '' }),
          headers: { 'content-type': 'text/plain' },
        },
        { json: { ...fields, _csrf: '' } },
      ];
      for (const call of forged) {
        const { status } = await visitor.call(action, { method: 'POST', ...call });
        if (status !== 403) passed.push(`${action} ${JSON.stringify(call)}: ${status}`);
      }
    }
    expect(passed).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it('does not work by GET, or by a method that is written into it', async () => {
    const before = await state();
    const csrf = await visitor.tokenOn('/account');
    for (const path of [
      '/logout',
      '/account/delete',
      '/account/password',
      `/articles/${site.article}/comments`,
    ]) {
      const query = new URLSearchParams({ _csrf: csrf, password, text: 'forged' }).toString();
      expect((await visitor.call(`${path}?${query}`)).status).toBeGreaterThanOrEqual(400);
    }
    const override = {
      headers: { 'x-http-method-override': 'DELETE', origin: 'https://evil.example' },
      form: { _method: 'DELETE', password },
    };
    expect((await visitor.call('/api/v1/me', override)).status).toBeGreaterThanOrEqual(400);
    expect(await state()).toEqual(before);
  });

  it('cannot be read by another site: nothing allows it', async () => {
    for (const path of ['/', '/account', '/api/v1/me', '/api/v1/articles']) {
      const answer = await visitor.call(path, { headers: { origin: 'https://evil.example' } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' },
    };
    expect(
      (await visitor.call('/api/v1/me', preflight)).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  it('cannot be put into a frame', async () => {
    for (const path of ['/', '/account', '/login', '/desk']) {
      expect((await visitor.call(path)).headers.get('content-security-policy')).toContain(
        `frame-ancestors 'none'`,
      );
    }
  });
});

describe('session fixation on the pages', () => {
  it('gains nothing: the log-in gives a new session, and the planted one stays worthless', async () => {
    const planted = 'A'.repeat(43);
    const victim = createVisitor(site.url);
    victim.cookies.set('ns_session', planted);
    await victim.logIn(operator.email);
    expect(victim.cookies.get('ns_session')).not.toBe(planted);
    const attacker = createVisitor(site.url);
    attacker.cookies.set('ns_session', planted);
    expect((await attacker.call('/account')).status).toBe(303);
  });

  it('gains nothing with a session of the attacker: it ends at the log-in of the victim', async () => {
    const attacker = createVisitor(site.url);
    await attacker.logIn('xss@example.org');
    const victim = createVisitor(site.url);
    victim.cookies.set('ns_session', attacker.cookies.get('ns_session') ?? '');
    // The log-in page sends a viewer who is logged in away, so the form comes from the account page.
    await victim.send('/account', '/login', { email: operator.email, password });
    expect((await victim.call('/account')).text).toContain(operator.email);
    expect((await attacker.call('/account')).status).toBe(303);
  });

  it('gains nothing by an id in the address', async () => {
    const answer = await createVisitor(site.url).call(
      `/account?ns_session=${visitor.cookies.get('ns_session') ?? ''}`,
    );
    expect(answer.status).toBe(303);
  });

  it('leaves nothing in the browser after the log-out', async () => {
    const one = createVisitor(site.url);
    await one.logIn(operator.email);
    const sid = one.cookies.get('ns_session') ?? '';
    await one.send('/account', '/logout', {});
    expect(one.cookies.has('ns_session')).toBe(false);
    const again = createVisitor(site.url);
    again.cookies.set('ns_session', sid);
    expect((await again.call('/account')).status).toBe(303);
    expect((await visitor.call('/account')).headers.get('cache-control')).toBe('no-store');
  });
});
