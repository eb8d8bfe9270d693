import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { gatewayDatabase } from '../../test/gateway-database.ts';
import { content, occasion } from '../../test/sample-routes.ts';
import type { RouteCommand } from '../domain/route-table.ts';
import type { RouteStore } from '../route-store.ts';
import { createPostgresRouteStore, ROUTE_TABLE_CHANNEL } from './postgres-route-store.ts';
import { UnreadableTable } from './stored-route.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let pool: pg.Pool;
let store: RouteStore;

beforeAll(async () => {
  database = await gatewayDatabase();
  pool = createPool({ url: database.url, applicationName: 'test', logger });
  store = createPostgresRouteStore(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function asOwner(...statements: string[]): Promise<void> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    for (const statement of statements) await owner.query(statement);
  } finally {
    await owner.end();
  }
}

beforeEach(() =>
  asOwner('TRUNCATE route', 'TRUNCATE audit.route_change', 'UPDATE route_table SET revision = 0'),
);

const search = content({ path: '/api/v1/search', methods: ['GET', 'HEAD'], stage: 'monolith' });

function define(id = 'search', path = '/api/v1/search'): RouteCommand {
  const made = content({ path, methods: ['GET', 'HEAD'], stage: 'monolith' });
  return { type: 'DefineRoute', id, content: made, expected: { kind: 'absent' }, occasion };
}

function cutOver(revision: number): RouteCommand {
  const expected = { kind: 'revision' as const, revision };
  return { type: 'ChangeRouteStage', id: 'search', stage: { name: 'cutover' }, expected, occasion };
}

describe('the route store', () => {
  it('is empty at first', async () => {
    const { lineage, table } = await store.load();
    expect(table).toEqual({ revision: 0, routes: new Map() });
    expect(await store.version()).toEqual({ lineage, revision: 0 });
  });

  it('gives back what was written, and its audit log', async () => {
    await store.change(define());
    await store.change(cutOver(1));
    const removed: RouteCommand = {
      type: 'RemoveRoute',
      id: 'search',
      expected: { kind: 'revision', revision: 2 },
      occasion,
    };
    const before = await store.load();
    expect(before.table).toEqual({
      revision: 2,
      routes: new Map([
        [
          'search',
          {
            id: 'search',
            ...search,
            stage: { name: 'cutover' },
            revision: 2,
            lastChange: occasion,
          },
        ],
      ]),
    });
    await store.change(removed);
    expect((await store.load()).table).toEqual({ revision: 3, routes: new Map() });

    const state = { path: '/api/v1/search', methods: ['GET', 'HEAD'], target: 'search' };
    expect(await store.audit({ limit: 10 })).toEqual([
      {
        revision: 3,
        occasion,
        event: 'RouteRemoved',
        routeId: 'search',
        from: { ...state, stage: { name: 'cutover' } },
        to: null,
      },
      {
        revision: 2,
        occasion,
        event: 'RouteStageChanged',
        routeId: 'search',
        from: { stage: { name: 'monolith' } },
        to: { stage: { name: 'cutover' } },
      },
      {
        revision: 1,
        occasion,
        event: 'RouteDefined',
        routeId: 'search',
        from: null,
        to: { ...state, stage: { name: 'monolith' } },
      },
    ]);
  });

  it('pages through the audit log, of one route where it is named', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await store.change(define(id, `/${id}`));
    const revisions = async (query: Parameters<RouteStore['audit']>[0]) =>
      (await store.audit(query)).map(({ revision }) => revision);
    expect(await revisions({ limit: 2 })).toEqual([4, 3]);
    expect(await revisions({ limit: 2, before: 3 })).toEqual([2, 1]);
    expect(await revisions({ limit: 9, routeId: 'b' })).toEqual([2]);
  });

  it('writes nothing where the command is refused', async () => {
    await store.change(define());
    expect(await store.change(define())).toMatchObject({
      ok: false,
      error: { code: 'route_revision_conflict' },
    });
    expect(await store.change(cutOver(7))).toMatchObject({
      ok: false,
      error: { code: 'route_revision_conflict' },
    });
    expect(await store.version()).toMatchObject({ revision: 1 });
    expect(await store.audit({ limit: 10 })).toHaveLength(1);
  });

  it('writes nothing where nothing changes', async () => {
    await store.change(define());
    const again: RouteCommand = {
      type: 'DefineRoute',
      id: 'search',
      content: search,
      expected: { kind: 'revision', revision: 1 },
      occasion,
    };
    expect(await store.change(again)).toMatchObject({ ok: true, value: { events: [] } });
    expect(await store.audit({ limit: 10 })).toHaveLength(1);
  });

  it('writes state and audit together or not at all', async () => {
    await store.change(define());
    const nameless: RouteCommand = { ...cutOver(1), occasion: { ...occasion, why: 'no' } };
    await expect(store.change(nameless)).rejects.toThrow('route_change_why_check');
    expect(await store.version()).toMatchObject({ revision: 1 });
    expect((await store.load()).table.routes.get('search')?.stage).toEqual({ name: 'monolith' });
  });

  it('lets one of many operators win who looked at the same revision', async () => {
    await store.change(define());
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => store.change(cutOver(1))));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    for (const outcome of outcomes) {
      if (!outcome.ok)
        expect(outcome.error).toMatchObject({
          code: 'route_revision_conflict',
          current: { revision: 2 },
        });
    }
    expect(await store.audit({ limit: 10 })).toHaveLength(2);
  });

  it('takes changes of different routes at the same time, each with a revision of its own', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) => store.change(define(`r${n}`, `/r${n}`))),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    const { table } = await store.load();
    expect(new Set([...table.routes.values()].map(({ revision }) => revision)).size).toBe(8);
    expect(table.revision).toBe(8);
  });

  it('lets one of two win that claim the same path', async () => {
    const outcomes = await Promise.all([store.change(define('one')), store.change(define('two'))]);
    expect(outcomes.map((outcome) => (outcome.ok ? 'done' : outcome.error.code)).sort()).toEqual([
      'done',
      'route_duplicate',
    ]);
  });

  it('announces a change, and a refused one not', async () => {
    const listener = new pg.Client({ connectionString: database.url });
    const heard: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => heard.push(payload));
    await listener.connect();
    await listener.query(`LISTEN ${ROUTE_TABLE_CHANNEL}`);
    await store.change(define());
    await store.change(define());
    await store.change(cutOver(1));
    await listener.query('SELECT 1');
    await listener.end();
    expect(heard).toEqual(['1', '2']);
  });

  it('refuses the table of a newer version as a whole', async () => {
    await store.change(define());
    await asOwner(`UPDATE route SET stage = '{"name":"canary","percent":5}'`);
    await expect(store.load()).rejects.toThrow(UnreadableTable);
    await expect(store.load()).rejects.toThrow('stage "canary", which this version does not know');
  });

  it('notices that the table is missing', async () => {
    await asOwner('DELETE FROM route_table');
    try {
      await expect(store.version()).rejects.toThrow(UnreadableTable);
      await expect(store.load()).rejects.toThrow(UnreadableTable);
    } finally {
      await asOwner('INSERT INTO route_table DEFAULT VALUES');
    }
  });
});

describe('the role of the service', () => {
  const entry = `INSERT INTO audit.route_change (revision, at, actor_id, actor_name, why, event, route_id, to_state)
                 VALUES (99, now(), 'x', 'x', 'because', 'RouteDefined', 'x', '{"stage":{"name":"monolith"}}')`;

  it('may add to the audit log and read it', async () => {
    await pool.query(entry);
    expect(
      (await pool.query('SELECT 1 FROM audit.route_change WHERE revision = 99')).rowCount,
    ).toBe(1);
  });

  it.each([
    `UPDATE audit.route_change SET why = 'rewritten'`,
    'DELETE FROM audit.route_change',
    'TRUNCATE audit.route_change',
    'DROP TABLE audit.route_change',
    'ALTER TABLE audit.route_change ADD COLUMN x int',
    'CREATE TABLE audit.other (x int)',
    'CREATE TABLE public.other (x int)',
    'DROP SCHEMA audit CASCADE',
    'GRANT ALL ON audit.route_change TO PUBLIC',
    'TRUNCATE route',
  ])('may not: %s', async (statement) => {
    await pool.query(entry).catch(() => undefined);
    // A grant of rights that one does not have is a warning in PostgreSQL, and changes nothing.
    const refused = await pool.query(statement).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!statement.startsWith('GRANT')) expect(refused).toMatchObject({ code: '42501' });
    await expect(
      pool.query(`UPDATE audit.route_change SET why = 'rewritten'`),
    ).rejects.toMatchObject({ code: '42501' });
    expect(
      (await pool.query(`SELECT 1 FROM audit.route_change WHERE why = 'because'`)).rowCount,
    ).toBe(1);
  });
});
