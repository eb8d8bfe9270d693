import { describe, expect, it } from '@jest/globals';
import { readGatewayConfig } from './config.ts';

const least = {
  DATABASE_URL: 'postgres://gateway:hidden-word@127.0.0.1:8089/gateway',
  EVENT_BUS_URL: 'postgres://bus:hidden-word@127.0.0.1:8089/bus',
  MONOLITH_URL: 'http://127.0.0.1:8082',
};

function configOf(env: Record<string, string>) {
  const read = readGatewayConfig({ ...least, ...env });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

function faultsOf(env: Record<string, string>) {
  const read = readGatewayConfig(env);
  return read.ok ? [] : read.error;
}

describe('the configuration', () => {
  it('needs a database, an event bus and a monolith, and has a default for all else', () => {
    expect(configOf({})).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8080,
      OPERATOR_PORT: 8081,
      operatorHost: '127.0.0.1',
      monolithOrigin: 'http://127.0.0.1:8082',
      jwksUrl: 'http://127.0.0.1:8082/.well-known/jwks.json',
      ROUTE_TABLE_POLL_MS: 500,
    });
    expect(configOf({}).snapshotPath).toMatch(/\.newscience.gateway.route-table\.json$/);
    expect(configOf({}).policy.upstreams).toEqual(new Map([['monolith', 'http://127.0.0.1:8082']]));
    expect(configOf({}).policy.own).toEqual({
      hosts: new Set(['127.0.0.1']),
      ports: new Set([8080, 8081]),
    });
  });

  it('keeps passwords to itself', () => {
    expect(JSON.stringify(configOf({}))).not.toContain('hidden-word');
  });

  it('has the snapshot where it is told', () => {
    expect(configOf({ DATA_DIR: '/data' }).snapshotPath).toMatch(/^.data.route-table\.json$/);
    expect(configOf({ DATA_DIR: '/data', ROUTE_TABLE_FILE: '/else/table.json' }).snapshotPath).toBe(
      '/else/table.json',
    );
  });

  it('reads named upstreams and further hosts', () => {
    const { policy } = configOf({
      UPSTREAMS: 'search=http://127.0.0.1:8083/, articles=https://articles.internal ,',
      TARGET_HOSTS: 'a.internal, b.internal',
    });
    expect([...policy.upstreams]).toEqual([
      ['search', 'http://127.0.0.1:8083'],
      ['articles', 'https://articles.internal'],
      ['monolith', 'http://127.0.0.1:8082'],
    ]);
    expect(policy.allowedHosts).toEqual(new Set(['a.internal', 'b.internal']));
  });

  it('takes the monolith from either setting, and refuses two different ones', () => {
    const { DATABASE_URL, EVENT_BUS_URL } = least;
    expect(
      readGatewayConfig({ DATABASE_URL, EVENT_BUS_URL, UPSTREAMS: 'monolith=http://m.internal' }),
    ).toMatchObject({ value: { monolithOrigin: 'http://m.internal' } });
    expect(configOf({ UPSTREAMS: 'monolith=http://127.0.0.1:8082' }).monolithOrigin).toBe(
      'http://127.0.0.1:8082',
    );
    expect(faultsOf({ ...least, UPSTREAMS: 'monolith=http://m.internal' })).toMatchObject([
      { name: 'MONOLITH_URL' },
    ]);
  });

  it('says all that is wrong at once', () => {
    expect(faultsOf({ PORT: 'x', OPERATOR_PORT: '70000' }).map(({ name }) => name)).toEqual([
      'PORT',
      'OPERATOR_PORT',
      'DATABASE_URL',
      'EVENT_BUS_URL',
    ]);
    const { DATABASE_URL, EVENT_BUS_URL } = least;
    expect(faultsOf({ DATABASE_URL, EVENT_BUS_URL })).toMatchObject([
      { name: 'MONOLITH_URL', problem: 'is missing' },
    ]);
    const faults = faultsOf({
      ...least,
      MONOLITH_URL: 'http://127.0.0.1/x',
      UPSTREAMS: 'Search=http://a,b=ftp://c,d=http://e/f,g=http://h,g=http://i,j',
    });
    expect(faults.map(({ name, value }) => [name, value])).toEqual([
      ['UPSTREAMS', 'Search=http://a'],
      ['UPSTREAMS', 'b=ftp://c'],
      ['UPSTREAMS', 'd=http://e/f'],
      ['UPSTREAMS', 'g=http://i'],
      ['UPSTREAMS', 'j'],
      ['MONOLITH_URL', 'http://127.0.0.1/x'],
    ]);
    expect(faults.every(({ remedy }) => remedy !== '')).toBe(true);
  });

  it('says what is wrong with the URL of the bus, and not what it is', () => {
    const faults = faultsOf({ ...least, EVENT_BUS_URL: 'kafka://me:hidden-word@k:9092?sasl=none' });
    expect(faults).toMatchObject([
      { name: 'EVENT_BUS_URL', problem: expect.stringMatching(/^sasl should be one of/) },
    ]);
    expect(JSON.stringify(faults)).not.toContain('hidden-word');
    const several = configOf({ EVENT_BUS_URL: 'kafka://k:9092,l:9092' });
    expect(several.EVENT_BUS_URL.reveal()).toBe('kafka://k:9092,l:9092');
  });

  it('shows no password that was put into an upstream', () => {
    const faults = faultsOf({ ...least, UPSTREAMS: 'search=http://user:hidden-word@127.0.0.1' });
    expect(faults).toMatchObject([{ name: 'UPSTREAMS' }]);
    expect(JSON.stringify(faults)).not.toContain('hidden-word');
  });
});
