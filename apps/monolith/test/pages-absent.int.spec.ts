import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';
import { startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createVisitor, textOf } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;
let visitor: Visitor;

beforeAll(async () => {
  site = await startMonolith();
  visitor = createVisitor(site.url);
});
afterAll(() => site.close());

describe('what is not there', () => {
  it('is a page for people and a problem for programs', async () => {
    for (const path of [
      '/nothing',
      '/articles/nope',
      '/sections/nope',
      '/topics/nope',
      '/authors/nope',
      '/unsubscribe/nope',
      '/topics/%00',
      '/assets/x/nope.css',
      '/pictures/x/nope.png',
    ]) {
      const { status, html, headers } = await visitor.ask(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(headers.get('cache-control')).toBe('no-store');
      expect(textOf(html)).toContain('Nothing is here');
    }
    for (const path of [
      '/api/v1/nothing',
      '/api/v1/articles/nope',
      '/sections/nope/feed.xml',
      '/health/nothing',
    ]) {
      const { status, headers } = await visitor.ask(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    }
  });

  it('names the methods that there are', async () => {
    const { status, headers, html } = await visitor.ask('/most-read', { method: 'DELETE' });
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
    expect(textOf(html)).toContain('That does not work here');
  });

  it('is a page too where the address is broken', async () => {
    const { status, headers } = await visitor.ask('/topics/%E0%A4%A');
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('leads to the log-in where one is needed, and back', async () => {
    for (const path of [
      '/account',
      '/desk',
      '/desk/new',
      '/desk/comments',
      '/desk/articles/x?y=1',
    ]) {
      const { status, location } = await visitor.ask(path);
      expect({ status, location }).toEqual({
        status: 303,
        location: `/login?next=${encodeURIComponent(path)}`,
      });
    }
  });
});

describe('without its database', () => {
  let own: TestMonolith;
  beforeAll(async () => {
    own = await startMonolith();
  });
  afterAll(() => own.close());

  it('every page says that it will be back, with all that can be shown without', async () => {
    const someone = createVisitor(own.url);
    await someone.page('/');
    // Nobody can be shut out of the database that is asked to do it.
    const server = new URL(own.database.adminUrl);
    server.pathname = '/postgres';
    const admin = new pg.Client({ connectionString: server.href });
    admin.on('error', () => undefined);
    await admin.connect();
    const { name } = own.database;
    const allow = (yes: boolean) => `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${String(yes)}`;
    try {
      await admin.query(allow(false));
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
        [name],
      );
      const { status, html, headers } = await someone.ask('/');
      expect(status).toBe(503);
      expect(headers.get('content-type')).toMatch(/^text\/html/);
      expect(headers.get('retry-after')).toMatch(/^[1-9]/);
      expect(textOf(html)).toContain('We will be right back');
      expect((await someone.ask('/assets/x/style.css')).status).toBe(200);
    } finally {
      await admin.query(allow(true));
      await admin.end();
    }
    await eventually(async () => expect((await someone.ask('/')).status).toBe(200));
  });
});
