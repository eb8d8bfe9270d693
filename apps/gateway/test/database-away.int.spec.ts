import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import {
  defineSearch,
  gatewaySurroundings,
  moveSearch,
  startGateway,
  type Gateway,
  type Surroundings,
} from './gateway-fixture.ts';

let around: Surroundings;
let gateway: Gateway;

beforeAll(async () => {
  around = await gatewaySurroundings();
  gateway = await startGateway(around, 'one');
  expect(await defineSearch(gateway)).toMatchObject({ status: 201 });
  // The snapshot is written beside the answer.
  await eventually(async () =>
    expect(await readFile(gateway.snapshot, 'utf8')).toContain('api/v1/search'),
  );
});

afterAll(async () => {
  await gateway.process.stop();
  await around.close();
});

const isReady = () =>
  eventually(async () =>
    expect(await gateway.ready()).toMatchObject({ http: 200, status: 'ready' }),
  );

afterEach(async () => {
  await around.link.restore();
  await isReady();
});

const isDegraded = () =>
  eventually(async () =>
    expect(await gateway.ready()).toMatchObject({ http: 200, status: 'degraded' }),
  );
const answer = () => gateway.answeredBy('/api/v1/search');

describe('with its database away', () => {
  it.each(['cut', 'stall'] as const)(
    'goes on with the table that it has, says so, and comes back (%s)',
    async (how) => {
      await isReady();
      await around.link[how]();
      await isDegraded();
      expect(await answer()).toBe('search');
      const { checks } = await gateway.ready();
      expect(checks).toMatchObject({
        database: { status: 'failed', detail: expect.stringContaining('last reached') },
        route_table: { status: 'ok', detail: expect.stringContaining('from the database') },
        monolith: { status: 'ok' },
      });
      expect(await gateway.operator('GET', '/routes')).toMatchObject({
        status: 200,
        body: { items: [{ id: 'search' }, { id: 'default' }] },
      });
      await around.link.restore();
      await isReady();
      expect(await answer()).toBe('search');
    },
  );

  it('refuses a change, and says that it may be tried again', async () => {
    await around.link.cut();
    expect(await moveSearch(gateway, 'monolith', 1)).toMatchObject({
      status: 503,
      body: { code: 'unavailable', retryable: true },
    });
    expect(await answer()).toBe('search');
  });

  it('goes on across its own restart, and takes over what was changed meanwhile', async () => {
    await around.link.cut();
    await gateway.process.restart();
    expect(await answer()).toBe('search');
    expect(await gateway.ready()).toMatchObject({
      http: 200,
      status: 'degraded',
      checks: {
        database: {
          status: 'failed',
          detail: expect.stringContaining('not reached since the start'),
        },
        route_table: {
          status: 'failed',
          detail: expect.stringMatching(/revision 1, 1 routes, from the snapshot of 20/),
        },
      },
    });
    expect(await gateway.operator('GET', '/routes')).toMatchObject({
      body: { source: 'snapshot', revision: 1 },
    });

    const direct = {
      port: Number(new URL(around.database.url).port),
      close: () => Promise.resolve(),
      cut: () => Promise.resolve(),
      stall: () => undefined,
      restore: () => Promise.resolve(),
    };
    const other = await startGateway({ ...around, link: direct }, 'two');
    expect(await moveSearch(other, 'monolith', 1)).toMatchObject({ status: 200 });
    expect(await answer()).toBe('search');
    await around.link.restore();
    await eventually(async () => expect(await answer()).toBe('monolith'));
    expect(await moveSearch(other, 'cutover', 2)).toMatchObject({ status: 200 });
    await other.process.stop();
    await eventually(async () => expect(await answer()).toBe('search'));
  });

  it('ignores a damaged snapshot, says so, and serves the default route', async () => {
    await around.link.cut();
    const whole = await readFile(gateway.snapshot, 'utf8');
    await writeFile(gateway.snapshot, whole.replace('"search"', '"seorch"'));
    await gateway.process.restart();
    expect(await answer()).toBe('monolith');
    expect(gateway.process.output()).toContain('the snapshot is damaged and ignored');
    expect(await gateway.ready()).toMatchObject({
      http: 200,
      status: 'degraded',
      checks: {
        route_table: {
          status: 'failed',
          detail: 'no table: the default route takes everything to the monolith',
        },
      },
    });
    await around.link.restore();
    await eventually(async () => expect(await answer()).toBe('search'));
  });

  it('serves the default route where there is no snapshot either', async () => {
    await around.link.cut();
    await gateway.process.kill();
    await rm(gateway.snapshot);
    await gateway.process.restart();
    expect(await answer()).toBe('monolith');
    expect(await gateway.operator('GET', '/routes')).toMatchObject({
      body: { source: 'default', confirmedSecondsAgo: null, items: [{ id: 'default' }] },
    });
  });
});

describe('a restart', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('keeps the table (%s)', async (signal) => {
    await gateway.process.kill(signal);
    await gateway.process.restart();
    expect(await answer()).toBe('search');
  });

  it('ends with exit code 0 on SIGTERM', async () => {
    expect(await gateway.process.kill()).toEqual({ code: 0, signal: null });
    await gateway.process.restart();
  });
});
