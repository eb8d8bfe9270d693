import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { newReader, type Person, rareWord } from './support/people.ts';
import { csrfOf, logIn, mainOf, visitor } from './support/visitor.ts';

const site = runningSite();
const anyone = apiClient(site.url);
let reader: Person;

beforeAll(async () => {
  reader = await newReader(site.url);
});

/** What differs between two answers to the same question: its name. */
const withoutInstance = ({ status, text }: Answer): string =>
  `${status} ${text.replaceAll(/urn:newscience:request:[\w-]+/g, '')}`;

describe('requests forged by another site', () => {
  const forms: [string, Record<string, string>][] = [
    ['/login', { email: 'a@example.org', password: 'x' }],
    ['/register', { name: 'x', email: 'a@example.org', password: 'lantern gravel nine' }],
    ['/logout', {}],
    ['/account/follow', { section: 'technology' }],
    ['/account/mail', { active: 'on' }],
    ['/account/password', { currentPassword: 'x', newPassword: 'lantern gravel ten' }],
    ['/account/delete', { password: 'x' }],
    ['/desk/new', { title: 'x', section: 'technology' }],
    ['/articles/ns-why-the-sky-is-blue/comments', { text: 'forged' }],
  ];

  it.each(forms)(
    'POST %s is refused without the token of its form, or with a foreign one',
    async (path, fields) => {
      const person = await logIn(site.url, site.credentials.editor);
      const stranger = visitor(site.url);
      const foreign = csrfOf((await stranger.get('/login')).html) ?? '';
      for (const token of [undefined, '', 'x', foreign]) {
        const given = { ...fields, ...(token === undefined ? {} : { _csrf: token }) };
        const { status, headers } = await person.post(path, given, {
          origin: 'https://evil.example',
        });
        expect({ token, status }).toEqual({ token, status: 403 });
        expect(headers.get('content-type')).toMatch(/^text\/html/);
      }
      expect((await person.get('/account')).status).toBe(200);
    },
  );

  it('the API takes the session cookie only together with its token', async () => {
    const person = await logIn(site.url, reader);
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const path = '/api/v1/me/subscriptions/sections/technology';
    for (const headers of [{}, { 'x-csrf-token': '' }, { 'x-csrf-token': 'x' }]) {
      const answer = await anyone('PUT', path, undefined, { cookie, ...headers });
      expect(answer.json).toMatchObject({ status: 403, code: 'csrf_refused' });
    }
    const token = csrfOf((await person.get('/account')).html) ?? '';
    const proper = { cookie, 'x-csrf-token': token };
    expect((await anyone('PUT', path, undefined, proper)).status).toBe(204);
  });

  it('no page lets another site read it or frame it', async () => {
    const origin = { origin: 'https://evil.example' };
    for (const path of ['/', '/account', '/api/v1/me', '/api/v1/articles', '/login']) {
      const { headers } = await anyone('GET', path, undefined, origin);
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe/);
    }
  });

  it('reading changes nothing: there is no log-out, follow or withdrawal by GET', async () => {
    const person = await logIn(site.url, reader);
    for (const path of ['/logout', '/account/delete', '/account/follow?section=technology'])
      expect([404, 405]).toContain((await person.get(path)).status);
    expect((await person.get('/account')).status).toBe(200);
  });
});

describe('sessions', () => {
  it('a session that was planted before the log-in is worth nothing after it', async () => {
    const planted = randomBytes(32).toString('base64url');
    const victim = visitor(site.url);
    victim.cookies.set('ns_session', planted);
    const { email, password } = reader;
    const { status } = await victim.submit('/login', '/login', { email, password, next: '/' });
    expect(status).toBe(303);
    expect(victim.cookies.get('ns_session')).not.toBe(planted);
    const attacker = visitor(site.url);
    attacker.cookies.set('ns_session', planted);
    expect((await attacker.get('/account')).location).toMatch(/^\/login/);
    const again = await logIn(site.url, reader);
    expect(again.cookies.get('ns_session')).not.toBe(victim.cookies.get('ns_session'));
  });

  it('ends at the server when a person logs out', async () => {
    const person = await logIn(site.url, reader);
    const session = person.cookies.get('ns_session') ?? '';
    expect((await person.submit('/account', '/logout', {})).status).toBe(303);
    const thief = visitor(site.url);
    thief.cookies.set('ns_session', session);
    expect((await thief.get('/account')).location).toMatch(/^\/login/);
  });

  it('has cookies that no script reads and no other site sends', async () => {
    const person = visitor(site.url);
    const form = await person.get('/login');
    const { email, password } = reader;
    const entered = await person.post('/login', {
      _csrf: csrfOf(form.html) ?? '',
      email,
      password,
    });
    const lines = [form, entered].flatMap(({ headers }) => headers.getSetCookie());
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/; HttpOnly; SameSite=(Lax|Strict)/);
  });
});

describe('account enumeration', () => {
  it('registering tells nothing about who is here, and changes nothing of theirs', async () => {
    const taken = {
      email: reader.email.toUpperCase(),
      name: 'Thief',
      password: 'lantern gravel thief',
    };
    const free = { ...taken, email: `${rareWord()}@example.org` };
    const answer = withoutInstance(await anyone('POST', '/api/v1/accounts', taken));
    expect(answer).toBe(withoutInstance(await anyone('POST', '/api/v1/accounts', free)));
    expect(
      (await anyone('POST', '/api/v1/tokens', { email: reader.email, password: taken.password }))
        .status,
    ).toBe(401);
    const { email, password } = reader;
    expect((await anyone('POST', '/api/v1/tokens', { email, password })).status).toBe(200);
    const pages = [];
    for (const email of [reader.email, `${rareWord()}@example.org`]) {
      const { status, location, html, headers } = await visitor(site.url).submit(
        '/register',
        '/register',
        {
          ...{ name: 'Thief', password: taken.password, next: '/' },
          email,
        },
      );
      const cookies = headers.getSetCookie().map((line) => line.replace(/=[^;]+/, ''));
      pages.push({
        status,
        location,
        cookies,
        main: mainOf(html)
          .replaceAll(email, '')
          .replace(/value="[\w-]{20,}"/, ''),
      });
    }
    expect(pages[0]).toEqual(pages[1]);
  });

  it('logging in tells nothing either, also when there were too many attempts', async () => {
    const victim = await newReader(site.url, 'Victim');
    const unknown = `${rareWord()}@example.org`;
    const tried: string[][] = [];
    for (const email of [victim.email, unknown]) {
      const said: string[] = [];
      for (let attempt = 0; attempt < 12; attempt += 1)
        said.push(
          withoutInstance(
            await anyone('POST', '/api/v1/tokens', { email, password: `wrong wrong ${attempt}` }),
          ),
        );
      tried.push(said.map((line) => line.replace(/in \d+ minutes?/, '')));
    }
    expect(tried[0]).toEqual(tried[1]);
    expect(tried[0]?.[0]).toMatch(/^401 /);
    expect(tried[0]?.at(-1)).toMatch(/^429 /);
  });
});

describe('redirects after the log-in', () => {
  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    '/\t/evil.example',
    '/%09/evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/..//evil.example',
    '/./\\evil.example',
    'http:evil.example',
    '\u0000//evil.example',
    '/\n/evil.example',
    '@evil.example',
    ' //evil.example',
  ])('to %j stay on this site', async (next) => {
    const { email, password } = reader;
    const { status, location } = await visitor(site.url).submit('/login', '/login', {
      email,
      password,
      next,
    });
    expect([303, 400]).toContain(status);
    expect(new URL(location ?? '', site.url).origin).toBe(site.url);
  });

  it.each([
    ['host', 'evil.example'],
    ['x-forwarded-host', 'evil.example'],
    ['forwarded', 'host=evil.example'],
  ])('and links never name the host that the request names (%s)', async (header, value) => {
    for (const path of [
      '/',
      '/feed.xml',
      '/articles/ns-why-the-sky-is-blue',
      '/account',
      '/sections/technology/',
    ])
      expect(JSON.stringify(await visitor(site.url).get(path, { [header]: value }))).not.toContain(
        'evil.example',
      );
  });
});
