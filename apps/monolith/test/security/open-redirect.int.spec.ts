import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createVisitor } from './visitor.ts';

const elsewhere = [
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/..//evil.example',
  '/%2e%2e//evil.example',
  '/\t/evil.example',
  '/%09/evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'evil.example',
  '/x\r\nset-cookie: ns_session=x',
  '@evil.example',
  'https:evil.example',
];

let site: TestMonolith;
beforeAll(async () => {
  site = await startMonolith();
});
afterAll(() => site.close());

/** Where a browser that is on the site ends up. */
function host(location: string | null): string {
  return new URL(location ?? '', site.url).host;
}

describe('nobody is sent to another site', () => {
  it.each(elsewhere)('by next=%j', async (next) => {
    const here = new URL(site.url).host;
    const visitor = createVisitor(site.url);
    const logIn = await visitor.call(`/login?next=${encodeURIComponent(next)}`);
    const kept = /name="next" value="([^"]*)"/.exec(logIn.text)?.[1] ?? '';
    expect(host(kept)).toBe(here);

    const entered = await visitor.send('/login', '/login', { ...editor, next });
    if (entered.status !== 303) throw new Error(entered.text);
    expect(entered.status).toBe(303);
    expect(host(entered.headers.get('location'))).toBe(here);
    expect(
      entered.headers.getSetCookie().filter((line) => line.startsWith('ns_session=')),
    ).toHaveLength(1);

    for (const page of ['/login', '/register']) {
      const again = await visitor.call(`${page}?next=${encodeURIComponent(next)}`);
      expect(again.status).toBe(303);
      expect(host(again.headers.get('location'))).toBe(here);
    }
    for (const [action, fields] of [
      ['/account/unfollow', { topic: 'x' }],
      ['/account/mail', { active: 'on' }],
    ] as const) {
      const done = await visitor.send('/account', action, { ...fields, next });
      expect(done.status).toBe(303);
      expect(host(done.headers.get('location'))).toBe(here);
    }
  });

  it.each([
    '//evil.example',
    '//evil.example/%2f..',
    '/\\evil.example',
    '/login//evil.example',
    '/desk/',
  ])('by the path %s', async (path) => {
    const answer = await createVisitor(site.url).call(path);
    const location = answer.headers.get('location');
    if (location !== null) expect(host(location)).toBe(new URL(site.url).host);
  });

  it('and comes back to where the log-in was asked for', async () => {
    const visitor = createVisitor(site.url);
    const asked = await visitor.call('/desk?status=draft', { headers: { accept: 'text/html' } });
    expect(asked.status).toBe(303);
    const location = asked.headers.get('location') ?? '';
    expect(location).toMatch(/^\/login\?next=/);
    const next = new URL(location, site.url).searchParams.get('next') ?? '';
    const entered = await visitor.send('/login', '/login', { ...editor, next });
    expect(entered.headers.get('location')).toBe('/desk?status=draft');
  });
});
