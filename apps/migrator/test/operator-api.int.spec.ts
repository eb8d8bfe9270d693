import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { missingMigrations } from '@newscience/outbox/migrations';
import { eventually } from '@newscience/testing/eventually';
import { createConformance } from '@newscience/testing/openapi-conformance';
import { z } from 'zod';

import { openApi } from '../src/openapi.ts';
import { captureSite, type CaptureSite } from './capture-site.ts';
import { addArticle, addComment, addSection, addUser } from './legacy-writer.ts';
import { operatorTokens, type OperatorTokens } from './operator-tokens.ts';

const conformance = createConformance(openApi);
const ready = z.object({ port: z.number() });
let site: CaptureSite;
let tokens: OperatorTokens;
let origin: string;

beforeAll(async () => {
  site = await captureSite();
  tokens = await operatorTokens();
  await addSection(site.legacy);
  const service = await site.start({ JWKS_URL: tokens.jwksUrl });
  origin = `http://127.0.0.1:${ready.parse(service.ready()).port}`;
  await site.settled();
}, 60_000);
afterAll(async () => {
  await tokens.close();
  await site.close();
});

async function call(
  path: string,
  sent: { method?: string; body?: unknown; role?: string | null } = {},
) {
  const { method = 'GET', body, role = 'operator' } = sent;
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      ...(role === null ? {} : { authorization: `Bearer ${await tokens.token(role)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  const { status, headers } = response;
  expect(conformance.check({ method, path, status, headers, body: answer })).toEqual([]);
  return { status, body: answer };
}

const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
const rejectedItem = z.object({
  kind: z.string(),
  legacyKey: z.string(),
  subject: z.string().nullable(),
  code: z.string(),
  detail: z.string(),
  faults: z.array(z.object({ column: z.string(), problem: z.string() })),
});
const rejectedPage = pageOf(rejectedItem);
const rejected = async () =>
  rejectedPage.parse((await call('/api/v1/capture/rejected')).body).items;

describe('the state', () => {
  it('is shown to operators: streaming, with positions and lag', async () => {
    await eventually(async () => {
      const { status, body } = await call('/api/v1/capture');
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'streaming', lagBytes: 0, notices: [] });
    });
  });

  it.each([null, 'reader', 'editor'])('is not shown to %s', async (role) => {
    expect((await call('/api/v1/capture', { role })).status).toBe(role === null ? 401 : 403);
  });
});

describe('a row that cannot be told', () => {
  it('is listed with the reason, holds up nobody, and leaves when it can be told', async () => {
    const una = await addUser(site.legacy, 'Una');
    await site.legacy.query("UPDATE usr SET nm = '' WHERE usr_id = $1", [una.id]);
    const vera = await addUser(site.legacy, 'Vera');
    await site.settled();
    expect(await site.eventsOf(vera.ref)).toHaveLength(1);
    expect(await rejected()).toMatchObject([
      { kind: 'user', legacyKey: String(una.id), subject: una.ref, code: 'row_unreadable' },
    ]);
    await site.legacy.query("UPDATE usr SET nm = 'Uma' WHERE usr_id = $1", [una.id]);
    await site.settled();
    expect(await rejected()).toEqual([]);
    expect((await site.eventsOf(una.ref)).at(-1)?.data).toMatchObject({ name: 'Uma' });
  });

  it('that is too large for an event is listed too, and what was told before stays', async () => {
    const id = await addArticle(site.legacy, { ref: 'huge' });
    await site.legacy.query(
      "INSERT INTO art_rel SELECT $1, n, repeat('r', 250) || n FROM generate_series(1, 20000) n",
      [id],
    );
    await site.settled();
    expect(await site.eventsOf('huge')).toHaveLength(1);
    expect(await rejected()).toMatchObject([{ subject: 'huge', code: 'event_refused' }]);
    await site.legacy.query('DELETE FROM art_rel WHERE art_id = $1 AND seq > 3', [id]);
    await site.settled();
    expect(await rejected()).toEqual([]);
    expect((await site.eventsOf('huge')).at(-1)?.data).toMatchObject({ revision: 2 });
  });

  it('leaves the list with its row', async () => {
    const wes = await addUser(site.legacy, 'Wes');
    await site.legacy.query("UPDATE usr SET nm = '' WHERE usr_id = $1", [wes.id]);
    await site.settled();
    expect(await rejected()).toHaveLength(1);
    await site.legacy.query('DELETE FROM usr WHERE usr_id = $1', [wes.id]);
    await site.settled();
    expect(await rejected()).toEqual([]);
    expect((await site.eventsOf(wes.ref)).map(({ type }) => type.split('.')[2])).toEqual([
      'Registered',
      'Removed',
    ]);
  });

  it('has an odd time: listed, in pages', async () => {
    const xia = await addUser(site.legacy, 'Xia');
    const articleId = await addArticle(site.legacy, { ref: 'odd' });
    for (let n = 0; n < 3; n += 1) {
      const { id } = await addComment(site.legacy, { articleId, userId: xia.id, text: `${n}` });
      await site.legacy.query("UPDATE cmt SET crt_ts = 'infinity' WHERE cmt_id = $1", [id]);
    }
    await site.settled();
    const first = rejectedPage.parse((await call('/api/v1/capture/rejected?limit=2')).body);
    expect(first.items).toHaveLength(2);
    const cursor = encodeURIComponent(first.nextCursor ?? '');
    const second = rejectedPage.parse(
      (await call(`/api/v1/capture/rejected?limit=2&cursor=${cursor}`)).body,
    );
    expect(second.items).toHaveLength(1);
    expect(second.nextCursor).toBeNull();
    expect(second.items[0]?.faults).toEqual([
      { column: 'crt_ts', problem: 'is not a time between the years 1 and 9999' },
    ]);
    await site.legacy.query('DELETE FROM cmt');
  });
});

describe('a fresh snapshot', () => {
  it('can be asked for, is taken, and tells nothing twice', async () => {
    await site.settled();
    const before = (await site.events()).length;
    const why = 'somebody changed the mirror by hand';
    const asked = await call('/api/v1/capture/resnapshot', { method: 'POST', body: { why } });
    expect(asked).toEqual({ status: 202, body: { why } });
    await eventually(async () => {
      const { body } = await call('/api/v1/capture/audit?limit=5');
      expect(body).toMatchObject({
        items: [
          { action: 'snapshot_completed', why: `Ada asked for it: ${why}` },
          { action: 'snapshot_begun' },
          { action: 'resnapshot_requested', actor: { id: 'ada-1', name: 'Ada' }, why },
          {},
          {},
        ],
      });
    });
    await site.settled();
    expect((await site.events()).length).toBe(before);
  });

  it('is not asked for twice at a time', async () => {
    await site.own.query("UPDATE capture SET snapshot_due = 'a test'");
    const body = { why: 'again' };
    const asked = await call('/api/v1/capture/resnapshot', { method: 'POST', body });
    expect(asked.status).toBe(409);
    await site.settled();
  });

  it.each([{}, { why: 'no' }, { why: 'a\u0000bcd' }, { why: 'x'.repeat(501) }])(
    'needs a reason that can be written down: %j',
    async (body) => {
      const asked = await call('/api/v1/capture/resnapshot', { method: 'POST', body });
      expect(asked.status).toBe(400);
    },
  );
});

it.each([
  'rejected?cursor=%00',
  'rejected?limit=0',
  'audit?cursor=abc',
  `audit?cursor=${'9'.repeat(30)}`,
])('%s is refused', async (path) => {
  expect((await call(`/api/v1/capture/${path}`)).status).toBe(400);
});

it('pages of the audit log follow each other', async () => {
  const page = pageOf(z.object({ id: z.string() }));
  const first = page.parse((await call('/api/v1/capture/audit?limit=1')).body);
  const next = page.parse(
    (await call(`/api/v1/capture/audit?limit=1&cursor=${first.nextCursor ?? ''}`)).body,
  );
  expect(Number(next.items[0]?.id)).toBeLessThan(Number(first.items[0]?.id));
});

it('nobody can change the audit log as the service', async () => {
  const { Client } = (await import('pg')).default;
  const client = new Client({ connectionString: site.env['DATABASE_URL'] });
  await client.connect();
  try {
    await expect(client.query('DELETE FROM audit.capture_action')).rejects.toThrow(/permission/);
    await expect(client.query("UPDATE audit.capture_action SET why = 'x'")).rejects.toThrow(
      /permission/,
    );
  } finally {
    await client.end();
  }
});

it('the metrics say who captures and what was told', async () => {
  const text = await (await fetch(`${origin}/metrics`)).text();
  expect(text).toMatch(/capture_owner\{[^}]*\} 1/);
  expect(text).toMatch(/capture_events_total\{[^}]*user\.Registered[^}]*\} [1-9]/);
});

it('the tables of the outbox are those of the library', () => {
  const folder = join(import.meta.dirname, '../migrations');
  expect(missingMigrations(folder, ['outbox'])).toEqual([]);
});
