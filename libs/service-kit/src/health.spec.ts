import { describe, expect, it } from '@jest/globals';

import { createHealth } from './health.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('createHealth', () => {
  it('is ready when there is nothing to check', async () => {
    expect(await createHealth().ready()).toEqual({ status: 'ready', checks: {} });
  });

  it('is ready when all checks pass, and shows what they say', async () => {
    const health = createHealth();
    health.add('database', () => Promise.resolve('12 connections'));
    health.add('mail', () => Promise.resolve());
    expect(await health.ready()).toEqual({
      status: 'ready',
      checks: {
        database: { status: 'ok', detail: '12 connections', ms: expect.any(Number) },
        mail: { status: 'ok', ms: expect.any(Number) },
      },
    });
  });

  it('is unready without something critical, and only degraded without something else', async () => {
    const health = createHealth();
    let databaseUp = true;
    health.add('database', () =>
      databaseUp ? Promise.resolve() : Promise.reject(new Error('refused')),
    );
    health.add('mail', () => Promise.reject(new Error('at smtp://u:hunter2@mail')), {
      critical: false,
    });
    expect((await health.ready()).status).toBe('degraded');
    databaseUp = false;
    const report = await health.ready();
    expect(report.status).toBe('unready');
    expect(report.checks).toMatchObject({
      database: { status: 'failed', detail: 'refused' },
      mail: { status: 'failed', detail: 'at smtp://[hidden]@mail' },
    });
    databaseUp = true;
    expect((await health.ready()).status).toBe('degraded');
  });

  it('does not wait for a check longer than its time-out, nor let it hold up the others', async () => {
    const health = createHealth();
    health.add('stuck', never, { timeoutMs: 20 });
    health.add('fine', () => Promise.resolve());
    const report = await health.ready();
    expect(report.checks['stuck']).toMatchObject({
      status: 'failed',
      detail: 'no answer within 20 ms',
    });
    expect(report.checks['fine']?.status).toBe('ok');
  });

  it('does not start a check again while it is still running', async () => {
    const health = createHealth();
    let started = 0;
    let finish: () => void = () => undefined;
    const check = (): Promise<void> => {
      started += 1;
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    health.add('slow', check, { timeoutMs: 10 });
    await health.ready();
    await health.ready();
    expect(started).toBe(1);
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    await health.ready();
    expect(started).toBe(2);
  });

  it('copes with a check that throws at once, or something that is no error', async () => {
    const health = createHealth();
    health.add('a', () => {
      throw new Error('at once');
    });
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- libraries do that
    health.add('b', () => Promise.reject('a text'));
    health.add('c', () =>
      Promise.reject(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })),
    );
    expect((await health.ready()).checks).toMatchObject({
      a: { detail: 'at once' },
      b: { detail: 'a text' },
      c: { detail: 'ECONNREFUSED' },
    });
  });

  it('is unready once it drains, whatever the checks say', async () => {
    const health = createHealth();
    health.add('database', () => Promise.resolve());
    health.drain('shutting down');
    expect(await health.ready()).toMatchObject({
      status: 'unready',
      detail: 'shutting down',
      checks: { database: { status: 'ok' } },
    });
  });
});
