import { describe, expect, it } from '@jest/globals';
import { describeFaults, readConfig } from '@newscience/service-kit/config';
import { configSchema } from './config.ts';

const least = {
  DATABASE_URL: 'postgres://monolith:hidden-password@127.0.0.1:5432/monolith',
  KEY_ENCRYPTION_SECRET: 'x'.repeat(32),
};

function faultsOf(env: Record<string, string>): string[] {
  const read = readConfig(configSchema, env);
  return read.ok ? [] : read.error.map(({ name }) => name);
}

describe('configuration', () => {
  it('needs a database and a secret, and has defaults for the rest', () => {
    const read = readConfig(configSchema, least);
    if (!read.ok) throw new Error(describeFaults(read.error));
    expect(read.value).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8082,
      TRUST_PROXY: '',
      SEARCH_BATCH_INTERVAL_MS: 3_600_000,
      DIGEST_AT: '06:00',
      LOGIN_ATTEMPTS_PER_ACCOUNT: 10,
    });
    expect(read.value.SESSION_MAX_MS).toBeGreaterThan(read.value.SESSION_IDLE_MS);
    expect(read.value.KEY_ROTATION_MS).toBeGreaterThan(read.value.KEY_PUBLISH_AHEAD_MS);
  });

  it('names all faults at once and shows no secret', () => {
    const read = readConfig(configSchema, {
      DATABASE_URL: 'mysql://u:hidden-password@host/db',
      KEY_ENCRYPTION_SECRET: 'hidden-short',
      TRUST_PROXY: 'localhost',
      DIGEST_AT: '25:00',
      PORT: '70000',
    });
    if (read.ok) throw new Error('It was accepted.');
    expect(read.error.map(({ name }) => name).sort()).toEqual([
      'DATABASE_URL',
      'DIGEST_AT',
      'KEY_ENCRYPTION_SECRET',
      'PORT',
      'TRUST_PROXY',
    ]);
    expect(describeFaults(read.error)).not.toContain('hidden-');
    expect(describeFaults(read.error)).toContain('DIGEST_AT=25:00');
  });

  it.each([
    ['KEY_ENCRYPTION_SECRET', 'x'.repeat(31)],
    ['BOOTSTRAP_OPERATOR_PASSWORD', 'x'.repeat(9)],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['DIGEST_AT', '24:00'],
    ['DIGEST_AT', '6:00'],
    ['PUBLIC_URL', 'ftp://x'],
    ['MAIL_URL', 'http://x'],
    ['LOGIN_ATTEMPTS_PER_ACCOUNT', '0'],
    ['DATABASE_POOL_MAX', '1'],
  ])('refuses %s=%s', (name, value) => {
    expect(faultsOf({ ...least, [name]: value })).toEqual([name]);
  });

  it.each([
    ['KEY_ENCRYPTION_SECRET', 'x'.repeat(32)],
    ['TRUST_PROXY', '10.0.0.0/8,127.0.0.1'],
    ['DIGEST_AT', '23:59'],
    ['SEARCH_BATCH_INTERVAL_MS', '0'],
    ['MAIL_URL', 'smtp://127.0.0.1:25'],
    ['MAIL_URL', 'file:///tmp/mail'],
    ['SESSION_IDLE_MS', '2h'],
  ])('takes %s=%s', (name, value) => {
    expect(faultsOf({ ...least, [name]: value })).toEqual([]);
  });
});
