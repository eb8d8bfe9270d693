import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventBus } from '@newscience/event-bus/bus';
import { connectBus } from '@newscience/event-bus/connect';
import { type KnownEvent, parseEvent } from '@newscience/event-contracts/registry';
import { topics } from '@newscience/event-contracts/topics';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';
import { createPostgresRouteStore } from '../src/adapters/postgres-route-store.ts';
import {
  defineSearch,
  gatewaySurroundings,
  moveSearch,
  startGateway,
  type Gateway,
  type Surroundings,
} from './gateway-fixture.ts';
import { content, occasion } from './sample-routes.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let around: Surroundings;
let gateway: Gateway;
let bus: EventBus;
let events: KnownEvent[];

beforeAll(async () => {
  around = await gatewaySurroundings();
});
beforeEach(async () => {
  gateway = await startGateway(around, 'one');
  bus = await connectBus({ url: around.bus.url, name: 'test', logger });
  await bus.declareTopics(topics);
  const heard: KnownEvent[] = [];
  events = heard;
  await bus.subscribe({
    ...{ group: `test ${Date.now()}`, topics: ['newscience.route'], from: 'latest' },
    handle: (batch) => {
      for (const { event } of batch) {
        const parsed = parseEvent(event);
        if (parsed.ok) heard.push(parsed.value);
      }
      return Promise.resolve();
    },
  });
});
afterEach(async () => {
  await around.busLink.restore();
  await gateway.process.stop();
  await bus.close();
  await asOwner('TRUNCATE route, outbox, audit.route_change; UPDATE route_table SET revision = 0');
});
afterAll(() => around.close());

async function asOwner(statements: string): Promise<pg.QueryResult> {
  const owner = new pg.Client({ connectionString: around.database.ownerUrl });
  await owner.connect();
  try {
    return await owner.query(statements);
  } finally {
    await owner.end();
  }
}
const waiting = async (): Promise<number> =>
  (await asOwner('SELECT 1 FROM outbox')).rowCount ?? Number.NaN;
const revisions = (): number[] =>
  events.map(({ data }) => ('revision' in data ? data.revision : 0));
const heard = (expected: readonly number[]): Promise<void> =>
  eventually(() => expect(revisions()).toEqual(expected), { withinMs: 20_000 });

describe('a change of the route table', () => {
  it('is on the bus, with who, why and the trace of the request', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const stage = { stage: 'monolith', why: 'answers differ' };
    const headers = { 'if-match': '"1"', traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    await defineSearch(gateway);
    expect(await gateway.operator('POST', '/routes/search/stage', stage, headers)).toMatchObject({
      status: 200,
    });
    const removal = { why: 'the experiment is over' };
    await gateway.operator('DELETE', '/routes/search', removal, { 'if-match': '"2"' });
    await heard([1, 2, 3]);

    const state = { path: '/api/v1/search', methods: [], target: 'search' };
    const common = {
      source: 'urn:newscience:gateway',
      subject: 'search',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-/),
    };
    const by = { id: 'ada-1', name: 'Ada' };
    expect(events).toMatchObject([
      {
        ...common,
        type: 'newscience.route.Defined.v1',
        data: { routeId: 'search', by, from: null, to: { ...state, stage: 'cutover' } },
      },
      {
        ...common,
        type: 'newscience.route.StageChanged.v1',
        traceparent: expect.stringContaining(trace),
        data: { by, why: 'answers differ', from: 'cutover', to: 'monolith' },
      },
      {
        ...common,
        type: 'newscience.route.Removed.v1',
        data: { why: 'the experiment is over', from: { ...state, stage: 'monolith' } },
      },
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  it('that is refused, or changes nothing, publishes nothing', async () => {
    await defineSearch(gateway);
    expect(await defineSearch(gateway)).toMatchObject({ status: 412 });
    expect(await moveSearch(gateway, 'monolith', 7)).toMatchObject({ status: 412 });
    const same = { path: '/api/v1/search', target: 'search', stage: 'cutover', why: 'once more' };
    const again = await gateway.operator('PUT', '/routes/search', same, { 'if-match': '"1"' });
    expect(again).toMatchObject({ status: 200, body: { revision: 1 } });
    expect(await moveSearch(gateway, 'cutover', 1)).toMatchObject({ status: 409 });
    expect(await moveSearch(gateway, 'nowhere', 1)).toMatchObject({ status: 400 });
    // Comes after all that would have come.
    expect(await moveSearch(gateway, 'monolith', 1)).toMatchObject({ status: 200 });
    await heard([1, 2]);
    expect(await waiting()).toBe(0);
  });

  it('that is rolled back publishes nothing and leaves nothing', async () => {
    // The last moment at which a transaction can fail: its commit.
    await asOwner(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
      CREATE CONSTRAINT TRIGGER refusal AFTER INSERT ON route DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const pool = createPool({ url: around.database.url, applicationName: 'test', logger });
    const store = createPostgresRouteStore(pool);
    const made = content({ path: '/api/v1/feeds', methods: [], stage: 'monolith' });
    const command = { type: 'DefineRoute' as const, id: 'feeds', content: made, occasion };
    const define = () => store.change({ ...command, expected: { kind: 'absent' } });
    try {
      await expect(define()).rejects.toThrow('not today');
      expect(await waiting()).toBe(0);
      expect((await store.version()).revision).toBe(0);
    } finally {
      await asOwner('DROP TRIGGER refusal ON route; DROP FUNCTION refuse()');
    }
    expect(await define()).toMatchObject({ ok: true });
    await pool.end();
    await heard([1]);
  });
});

describe('with the bus away', () => {
  const degraded = () =>
    eventually(async () =>
      expect(await gateway.ready()).toMatchObject({
        ...{ http: 200, status: 'degraded' },
        checks: { bus: { status: 'failed' }, database: { status: 'ok' } },
      }),
    );

  it.each(['cut', 'stall'] as const)(
    'routes are changed and requests answered; afterwards everything arrives in order (%s)',
    async (how) => {
      await eventually(async () =>
        expect(await gateway.ready()).toMatchObject({
          status: 'ready',
          checks: { bus: { status: 'ok' } },
        }),
      );
      await around.busLink[how]();
      expect(await defineSearch(gateway)).toMatchObject({ status: 201 });
      for (let revision = 1; revision < 10; revision += 1) {
        const stage = revision % 2 === 1 ? 'monolith' : 'cutover';
        expect(await moveSearch(gateway, stage, revision)).toMatchObject({ status: 200 });
      }
      await degraded();
      expect(await gateway.answeredBy('/api/v1/search')).toBe('monolith');
      expect(await waiting()).toBe(10);
      expect(events).toEqual([]);

      await around.busLink.restore();
      await heard([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      await eventually(async () =>
        expect(await gateway.ready()).toMatchObject({ status: 'ready' }),
      );
    },
    60_000,
  );

  it('it starts, and ends in order', async () => {
    await gateway.process.stop();
    await around.busLink.cut();
    await gateway.process.restart();
    expect(await defineSearch(gateway)).toMatchObject({ status: 201 });
    await degraded();
    expect(await gateway.process.stop()).toEqual({ code: 0, signal: null });
    await around.busLink.restore();
    await gateway.process.restart();
    await heard([1]);
  }, 60_000);

  it('a change is published by the next process where this one was killed after the commit', async () => {
    await around.busLink.cut();
    expect(await defineSearch(gateway)).toMatchObject({ status: 201 });
    await gateway.process.kill('SIGKILL');
    await around.busLink.restore();
    expect(await waiting()).toBe(1);
    await gateway.process.restart();
    await heard([1]);
    await eventually(async () => expect(await waiting()).toBe(0));
  }, 60_000);
});
