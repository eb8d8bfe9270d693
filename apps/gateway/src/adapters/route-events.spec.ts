import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseEvent } from '@newscience/event-contracts/registry';
import { missingMigrations } from '@newscience/outbox/migrations';
import { content, occasion } from '../../test/sample-routes.ts';
import type { RouteEvent } from '../domain/route-table.ts';
import { toCloudEvent } from './route-events.ts';

const common = { id: 'search', revision: 7, occasion };
const before = content({ path: '/api/v1/search', methods: ['GET', 'HEAD'], stage: 'monolith' });
const after = content({ path: '/api/v1/search', methods: [], stage: 'cutover' });

describe('a change of the route table as an event', () => {
  it.each<[string, RouteEvent]>([
    ['Defined.v1', { ...common, type: 'RouteDefined', from: null, to: after }],
    ['Defined.v1', { ...common, type: 'RouteDefined', from: before, to: after }],
    [
      'StageChanged.v1',
      { ...common, type: 'RouteStageChanged', from: before.stage, to: after.stage },
    ],
    ['Removed.v1', { ...common, type: 'RouteRemoved', from: before }],
  ])('keeps the contract of %s', (name, change) => {
    const event = toCloudEvent(change);
    expect(parseEvent(event)).toEqual({ ok: true, value: event });
    expect(event).toMatchObject({
      ...{ type: `newscience.route.${name}`, subject: 'search', time: occasion.at },
      data: { routeId: 'search', revision: 7, by: occasion.actor, why: occasion.why },
    });
  });

  it('has an id that does not come again, whatever becomes of the table', () => {
    const change = { ...common, type: 'RouteRemoved', from: before } as const;
    expect(toCloudEvent(change).id).not.toBe(toCloudEvent(change).id);
  });
});

describe('the migrations', () => {
  it('have the tables of the outbox as its library wants them', () => {
    const folder = join(import.meta.dirname, '../../migrations');
    expect(missingMigrations(folder, ['outbox'])).toEqual([]);
  });
});
