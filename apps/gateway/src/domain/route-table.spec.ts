import { describe, expect, it } from '@jest/globals';
import { content, occasion, tableOf, type Sample } from '../../test/sample-routes.ts';
import {
  decide,
  EMPTY_TABLE,
  evolve,
  MAX_ROUTES,
  type RouteCommand,
  type RouteTable,
} from './route-table.ts';

const search: Sample = { path: '/api/v1/search', methods: ['GET', 'HEAD'] };
const later = {
  ...occasion,
  at: '2026-01-06T09:00:00.000Z',
  actor: { id: '22222222-2222-4222-8222-222222222222', name: 'Grace' },
};

function define(id: string, sample: Sample, revision?: number): RouteCommand {
  const expected =
    revision === undefined ? { kind: 'absent' as const } : { kind: 'revision' as const, revision };
  return { type: 'DefineRoute', id, content: content(sample), expected, occasion: later };
}

function toStage(id: string, name: 'monolith' | 'cutover', revision: number): RouteCommand {
  return {
    type: 'ChangeRouteStage',
    id,
    stage: { name },
    expected: { kind: 'revision', revision },
    occasion: later,
  };
}

function remove(id: string, revision: number): RouteCommand {
  return { type: 'RemoveRoute', id, expected: { kind: 'revision', revision }, occasion: later };
}

function eventsOf(command: RouteCommand, table: RouteTable) {
  const decided = decide(command, table);
  if (!decided.ok) throw new Error(JSON.stringify(decided.error));
  return decided.value;
}

const given = tableOf({ search, articles: { path: '/api/v1/articles/*', stage: 'monolith' } });

describe('defining a route', () => {
  it('makes it', () => {
    expect(eventsOf(define('search', search), EMPTY_TABLE)).toEqual([
      {
        type: 'RouteDefined',
        id: 'search',
        from: null,
        to: content(search),
        revision: 1,
        occasion: later,
      },
    ]);
  });

  it('replaces it', () => {
    const wider = { ...search, methods: [] };
    expect(eventsOf(define('search', wider, 1), given)).toEqual([
      {
        type: 'RouteDefined',
        id: 'search',
        from: content(search),
        to: content(wider),
        revision: 3,
        occasion: later,
      },
    ]);
  });

  it('says a new stage as a fact of its own', () => {
    const changed = { ...search, methods: [], stage: 'monolith' };
    const stageBefore = content({ ...search, methods: [] });
    expect(eventsOf(define('search', changed, 1), given)).toEqual([
      {
        type: 'RouteDefined',
        id: 'search',
        from: content(search),
        to: stageBefore,
        revision: 3,
        occasion: later,
      },
      {
        type: 'RouteStageChanged',
        id: 'search',
        from: { name: 'cutover' },
        to: { name: 'monolith' },
        revision: 4,
        occasion: later,
      },
    ]);
    expect(eventsOf(define('search', { ...search, stage: 'monolith' }, 1), given)).toMatchObject([
      { type: 'RouteStageChanged', revision: 3 },
    ]);
  });

  it('does nothing where all is as asked already', () => {
    expect(eventsOf(define('search', search, 1), given)).toEqual([]);
  });

  it.each([
    ['it is there and was not expected', define('search', search), 'search'],
    ['it changed meanwhile', define('search', search, 7), 'search'],
    ['it was removed meanwhile', define('gone', { path: '/gone' }, 1), null],
  ])('is refused where %s, with the state as it is', (_, command, current) => {
    expect(decide(command, given)).toMatchObject({
      ok: false,
      error: {
        code: 'route_revision_conflict',
        current: current === null ? null : given.routes.get(current),
      },
    });
  });

  it.each([
    [{ path: '/api/v1/search', methods: ['HEAD', 'POST'] }, ['HEAD']],
    [{ path: '/api/v1/articles/*' }, ['any method']],
  ])('is refused where another route claims the same: %j', (sample, methods) => {
    expect(decide(define('other', sample), given)).toMatchObject({
      ok: false,
      error: { code: 'route_duplicate', id: 'other', methods },
    });
  });

  it('sees through the names of parameters', () => {
    const table = tableOf({ one: { path: '/a/:id' } });
    expect(decide(define('two', { path: '/a/:name' }), table)).toMatchObject({
      error: { code: 'route_duplicate', other: { id: 'one' } },
    });
    expect(decide(define('two', { path: '/a/:name/b' }), table).ok).toBe(true);
  });

  it.each([
    { path: '/api/v1/search' },
    { path: '/api/v1/search', methods: ['POST'] },
    { path: '/api/v1/articles/*', methods: ['GET'] },
  ])('is allowed beside a route that it does not collide with: %j', (sample) => {
    expect(decide(define('other', sample), given).ok).toBe(true);
  });

  it('is allowed up to the limit, and replacing is allowed at the limit', () => {
    const samples = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`r${n}`, { path: `/p${n}` }]));
    expect(decide(define('last', { path: '/last' }), tableOf(samples(MAX_ROUTES - 1))).ok).toBe(
      true,
    );
    const full = tableOf(samples(MAX_ROUTES));
    expect(decide(define('more', { path: '/more' }), full)).toEqual({
      ok: false,
      error: { code: 'route_table_full', limit: MAX_ROUTES },
    });
    expect(decide(define('r0', { path: '/moved' }, 1), full).ok).toBe(true);
  });
});

describe('changing a stage', () => {
  it('is a fact with from and to', () => {
    expect(eventsOf(toStage('articles', 'cutover', 2), given)).toEqual([
      {
        type: 'RouteStageChanged',
        id: 'articles',
        from: { name: 'monolith' },
        to: { name: 'cutover' },
        revision: 3,
        occasion: later,
      },
    ]);
  });

  it('is refused where the stage is that one already', () => {
    expect(decide(toStage('search', 'cutover', 1), given)).toMatchObject({
      error: { code: 'route_stage_refused', because: expect.stringContaining('already') },
    });
  });

  it('is refused for a route that changed meanwhile, or is not there', () => {
    expect(decide(toStage('search', 'monolith', 2), given)).toMatchObject({
      error: { code: 'route_revision_conflict', current: { revision: 1 } },
    });
    expect(decide(toStage('gone', 'monolith', 2), given)).toEqual({
      ok: false,
      error: { code: 'route_not_found', id: 'gone' },
    });
  });
});

describe('removing a route', () => {
  it('is a fact with what was there', () => {
    expect(eventsOf(remove('search', 1), given)).toEqual([
      { type: 'RouteRemoved', id: 'search', from: content(search), revision: 3, occasion: later },
    ]);
  });

  it('is refused for a route that changed meanwhile, or is not there', () => {
    expect(decide(remove('search', 2), given)).toMatchObject({
      error: { code: 'route_revision_conflict' },
    });
    expect(decide(remove('gone', 1), given)).toMatchObject({ error: { code: 'route_not_found' } });
  });
});

describe('the default route', () => {
  it.each([
    define('default', { path: '/x' }),
    toStage('default', 'cutover', 0),
    remove('default', 0),
  ])('cannot be changed or removed: $type', (command) => {
    expect(decide(command, given)).toEqual({ ok: false, error: { code: 'route_default_fixed' } });
  });
});

describe('the table after a fact', () => {
  const after = (command: RouteCommand, table: RouteTable) =>
    eventsOf(command, table).reduce(evolve, table);

  it('has the new route at its revision', () => {
    const table = after(define('authors', { path: '/authors/:name' }), given);
    expect(table.revision).toBe(3);
    expect(table.routes.get('authors')).toMatchObject({
      id: 'authors',
      revision: 3,
      lastChange: later,
    });
    expect(given.routes.has('authors')).toBe(false);
  });

  it('has the new stage and the old rest', () => {
    const table = after(toStage('articles', 'cutover', 2), given);
    expect(table.routes.get('articles')).toEqual({
      ...given.routes.get('articles'),
      stage: { name: 'cutover' },
      revision: 3,
      lastChange: later,
    });
  });

  it('has the removed route no longer, and a route of the same name gets a revision that was never used', () => {
    const without = after(remove('search', 1), given);
    expect(without.routes.has('search')).toBe(false);
    const again = after(define('search', search), without);
    expect(again.routes.get('search')?.revision).toBe(4);
  });

  it('is unchanged by a stage of a route that it does not have', () => {
    const table = evolve(EMPTY_TABLE, {
      type: 'RouteStageChanged',
      id: 'gone',
      from: { name: 'monolith' },
      to: { name: 'cutover' },
      revision: 1,
      occasion,
    });
    expect(table).toEqual({ revision: 1, routes: new Map() });
  });
});
