import { describe, expect, it } from '@jest/globals';
import { createHealth } from '@newscience/service-kit/health';
import { policy, tableOf } from '../test/sample-routes.ts';
import { createCurrentTable, type TableOrigin } from './current-table.ts';
import { addReadinessChecks } from './readiness.ts';
import type { FeedStatus } from './table-feed.ts';

const fine: FeedStatus = { confirmedMs: 200, failure: undefined };

type Situation = {
  origin?: TableOrigin;
  status?: FeedStatus;
  monolith?: string;
  target?: string;
  bus?: string;
};

async function readiness(situation: Situation = {}) {
  const {
    origin = { kind: 'database' },
    status = fine,
    monolith,
    target = 'search',
    bus,
  } = situation;
  const current = createCurrentTable(policy);
  const table = tableOf({ search: { path: '/api/v1/search' } });
  const route = table.routes.get('search');
  if (route === undefined) throw new Error('no route');
  const routes = new Map([
    ['search', { ...route, target: { kind: 'upstream' as const, name: target } }],
  ]);
  if (origin.kind !== 'default')
    current.adopt({ lineage: 'one', table: { ...table, routes } }, origin);
  const health = createHealth();
  const probe = () => Promise.resolve(monolith);
  addReadinessChecks(health, {
    current,
    feed: { status: () => status },
    probe,
    monolithOrigin: 'http://127.0.0.1:8082',
    checkBus: () => (bus === undefined ? Promise.resolve('fine') : Promise.reject(new Error(bus))),
  });
  return health.ready();
}

describe('readiness', () => {
  it('is ready where all is there', async () => {
    expect(await readiness()).toMatchObject({
      status: 'ready',
      checks: {
        database: { status: 'ok', detail: 'last reached 0.2 s ago' },
        route_table: { status: 'ok', detail: 'revision 1, 1 routes, from the database' },
        monolith: { status: 'ok' },
        bus: { status: 'ok', detail: 'fine' },
      },
    });
  });

  it.each([
    [
      'the database fails',
      { status: { confirmedMs: 200, failure: 'refused' } },
      'database',
      'last reached 0.2 s ago (refused)',
    ],
    [
      'it was never there',
      { status: { confirmedMs: undefined, failure: 'refused' } },
      'database',
      'not reached since the start (refused)',
    ],
    [
      'it no longer confirms',
      { status: { confirmedMs: 3001, failure: undefined } },
      'database',
      'last reached 3.0 s ago',
    ],
    [
      'the table is from the snapshot',
      { origin: { kind: 'snapshot' as const, savedAt: 'noon' } },
      'route_table',
      'revision 1, 1 routes, from the snapshot of noon',
    ],
    [
      'there is no table',
      { origin: { kind: 'default' as const } },
      'route_table',
      'no table: the default route takes everything to the monolith',
    ],
    [
      'a target is not known',
      { target: 'gone' },
      'route_table',
      'revision 1, 1 routes; with the monolith for want of a known target: search',
    ],
    [
      'the monolith is away',
      { monolith: 'ECONNREFUSED' },
      'monolith',
      'http://127.0.0.1:8082 does not answer (ECONNREFUSED)',
    ],
    ['the bus is away', { bus: 'no answer' }, 'bus', 'no answer'],
  ])('is degraded and still serves where %s', async (_, situation, check, detail) => {
    expect(await readiness(situation)).toMatchObject({
      status: 'degraded',
      checks: { [check]: { status: 'failed', detail } },
    });
  });

  it('lets three seconds pass between two confirmations', async () => {
    expect(await readiness({ status: { confirmedMs: 3000, failure: undefined } })).toMatchObject({
      status: 'ready',
    });
  });
});
