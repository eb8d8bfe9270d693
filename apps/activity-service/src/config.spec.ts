import { describe, expect, it } from '@jest/globals';

import { readActivityConfig } from './config.ts';

const least = {
  DATABASE_URL: 'postgres://activity_service:secret@127.0.0.1/activity_service',
  EVENT_BUS_URL: 'postgres://bus:secret@127.0.0.1/bus',
  JWKS_URL: 'http://127.0.0.1:8082/.well-known/jwks.json',
};

describe('the settings', () => {
  it('have defaults for all but what they live on', () => {
    expect(readActivityConfig(least)).toMatchObject({
      ok: true,
      value: {
        ...{ HOST: '127.0.0.1', PORT: 8084, DATABASE_POOL_MAX: 4, TIMELINE_POLL_MS: 1000 },
        ...{ STREAM_CLIENTS_MAX: 100, STREAM_HEARTBEAT_MS: 15_000, STREAM_STALL_MS: 10_000 },
        ...{ JWT_ISSUER: 'newscience', JWT_AUDIENCE: 'newscience' },
      },
    });
  });

  it('take Kafka for the bus and nothing else for the database', () => {
    expect(readActivityConfig({ ...least, EVENT_BUS_URL: 'kafka://kafka:9092' }).ok).toBe(true);
    expect(readActivityConfig({ ...least, DATABASE_URL: 'kafka://kafka:9092' }).ok).toBe(false);
  });

  it('are all said that are wrong, without their secrets', () => {
    const read = readActivityConfig({
      ...least,
      DATABASE_URL: 'mysql://a:secret@b',
      PORT: 'x',
      DATABASE_POOL_MAX: '1',
    });
    if (read.ok) throw new Error('these settings are wrong');
    expect(read.error.map(({ name }) => name)).toEqual([
      'PORT',
      'DATABASE_URL',
      'DATABASE_POOL_MAX',
    ]);
    expect(JSON.stringify(read.error)).not.toContain('secret@');
  });
});
