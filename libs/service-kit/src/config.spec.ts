import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import {
  bytes,
  describeFaults,
  durationMs,
  flag,
  integer,
  oneOf,
  port,
  readConfig,
  secret,
  secretUrl,
  serviceSettings,
  text,
  url,
} from './config.ts';
import type { ConfigFault } from './config.ts';

/** The value of one setting, or what is wrong with it. */
function read(setting: z.ZodType, value: string | undefined): unknown {
  const result = readConfig(z.object({ IT: setting }), { IT: value });
  return result.ok ? result.value.IT : result.error[0]?.problem;
}

function faultsOf(schema: z.ZodObject, env: Record<string, string>): ConfigFault[] {
  const result = readConfig(schema, env);
  return result.ok ? [] : result.error;
}

describe('the kinds of settings', () => {
  it.each([
    ['port, lowest', port(), '0', 0],
    ['port, highest', port(), '65535', 65_535],
    ['port with blanks around it', port(), ' 8080 ', 8080],
    ['integer, negative', integer({ min: -5, max: 5 }), '-5', -5],
    ['integer, highest', integer({ min: -5, max: 5 }), '5', 5],
    ['url', url(['http', 'https:']), 'https://x.example/a?b', 'https://x.example/a?b'],
    ['url with a scheme as in URL', url(['postgres://']), 'postgres://h/d', 'postgres://h/d'],
    ['url with several hosts', url(['kafka']), 'kafka://u:p@a:1,b:2/?c', 'kafka://u:p@a:1,b:2/?c'],
    ['duration without a unit', durationMs(), '250', 250],
    ['duration, none', durationMs(), '0', 0],
    ['duration in ms', durationMs(), '250ms', 250],
    ['duration in s', durationMs(), '30 s', 30_000],
    ['duration in m', durationMs(), '5m', 300_000],
    ['duration in h', durationMs(), '1H', 3_600_000],
    ['duration in d', durationMs(), '2d', 172_800_000],
    ['bytes without a unit', bytes(), '1048576', 1_048_576],
    ['bytes in kb', bytes(), '64kb', 65_536],
    ['bytes in mb', bytes(), '1MB', 1_048_576],
    ['bytes in gb', bytes(), '2gb', 2_147_483_648],
    ['flag on', flag(), 'Yes', true],
    ['flag off', flag(), '0', false],
    ['word', oneOf(['a', 'b']), 'b', 'b'],
    ['text, longest', text(3), 'abc', 'abc'],
  ])('%s', (_name, setting, given, expected) => {
    expect(read(setting, given)).toBe(expected);
  });

  it.each([
    ['port, too high', port(), '65536', /between \[0, 65535\]/],
    ['port, negative', port(), '-1', /between \[0, 65535\]/],
    ['port, not whole', port(), '80.5', /not a whole number/],
    ['port, hexadecimal', port(), '0x50', /not a whole number/],
    ['port, a word', port(), 'http', /not a whole number/],
    ['integer, too low', integer({ min: -5, max: 5 }), '-6', /between \[-5, 5\]/],
    ['url, a word', url(['http']), 'localhost', /not a URL/],
    ['url with several hosts, one wrong', url(['kafka']), 'kafka://a:1,b:x', /not a URL/],
    ['url, several hosts of a site', url(['http']), 'http://a:1,b:2', /not a URL/],
    ['url, another scheme', url(['http', 'https']), 'ftp://x', /scheme other than http, https/],
    ['duration, a word', durationMs(), 'soon', /not a duration/],
    ['duration, another unit', durationMs(), '3w', /not a duration/],
    ['duration, a property that all objects have', durationMs(), '3constructor', /not a duration/],
    ['duration, negative', durationMs(), '-3s', /not a duration/],
    ['duration, endless', durationMs(), '9999999999999999d', /too large/],
    ['bytes, a word', bytes(), 'many', /not a size/],
    ['flag, a word', flag(), 'maybe', /neither true nor false/],
    ['flag, a property that all objects have', flag(), 'constructor', /neither true nor false/],
    ['word, another', oneOf(['a', 'b']), 'c', /not one of/],
    ['text, too long', text(3), 'abcd', /longer than 3/],
    ['secret, too short', secret(16), '123456789012345', /shorter than 16/],
    ['missing', port(), undefined, /is missing/],
    ['empty', text(), '', /is missing/],
    ['blank', text(), '   ', /is missing/],
  ])('%s is refused', (_name, setting, given, problem) => {
    expect(read(setting, given)).toMatch(problem);
  });

  it('takes a secret of just the length', () => {
    expect(inspect(read(secret(16), '1234567890123456'))).toBe('[secret]');
  });

  it('takes a default, and does without what is optional', () => {
    expect(read(port().default(8080), undefined)).toBe(8080);
    expect(read(port().default(8080), '')).toBe(8080);
    expect(read(flag().optional(), undefined)).toBeUndefined();
  });
});

describe('readConfig', () => {
  const schema = z.object({
    ...serviceSettings,
    DATABASE_URL: secretUrl(['postgres', 'postgresql']),
    CACHE_URL: url(['redis']).optional(),
    SIGNING_KEY: secret(32),
    API_TOKEN: text(5).optional(),
    MODE: oneOf(['fast', 'careful']).default('careful'),
  });

  it('gives typed values with the defaults of every service', () => {
    const result = readConfig(schema, {
      PORT: '8082',
      DATABASE_URL: 'postgres://app:hunter2@127.0.0.1:5432/app',
      SIGNING_KEY: 'x'.repeat(32),
      UNRELATED: 'ignored',
    });
    if (!result.ok) throw new Error(describeFaults(result.error));
    expect(result.value).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8082,
      LOG_LEVEL: 'info',
      MODE: 'careful',
    });
    expect(result.value.DATABASE_URL.reveal()).toBe('postgres://app:hunter2@127.0.0.1:5432/app');
    expect(inspect(result.value, { depth: 9 })).not.toContain('hunter2');
    expect(JSON.stringify(result.value)).not.toContain('hunter2');
    expect(result.value).not.toHaveProperty('UNRELATED');
  });

  it('reports all faults at once, each with name, value, problem and remedy', () => {
    const faults = faultsOf(schema, {
      PORT: '80a',
      LOG_LEVEL: 'loud',
      MODE: 'quick',
      CACHE_URL: 'http://x',
    });
    expect(faults).toEqual([
      {
        name: 'PORT',
        value: '80a',
        problem: 'is not a whole number',
        remedy: 'Give a port number from 0 (any free one) to 65535, such as 8080.',
      },
      {
        name: 'LOG_LEVEL',
        value: 'loud',
        problem: 'is not one of the known values',
        remedy: 'Give one of trace, debug, info, warn, error, fatal, silent.',
      },
      {
        name: 'DATABASE_URL',
        value: undefined,
        problem: 'is missing',
        remedy: 'Give a full URL that starts with postgres:// or postgresql://.',
      },
      {
        name: 'CACHE_URL',
        value: 'http://x',
        problem: 'has a scheme other than redis',
        remedy: 'Give a full URL that starts with redis://.',
      },
      {
        name: 'SIGNING_KEY',
        value: undefined,
        problem: 'is missing',
        remedy: 'Give a secret of at least 32 characters.',
      },
      {
        name: 'MODE',
        value: 'quick',
        problem: 'is not one of the known values',
        remedy: 'Give one of fast, careful.',
      },
    ]);
  });

  it.each([
    ['a secret', { SIGNING_KEY: 'hunter2' }],
    ['a secret URL', { DATABASE_URL: 'mysql://app:hunter2@db/x' }],
    ['a secret URL that is none', { DATABASE_URL: 'hunter2' }],
    ['a URL with a password', { CACHE_URL: 'http://app:hunter2@cache' }],
    ['a URL with a password with a slash and an @', { CACHE_URL: 'http://app:/hunter2@/@cache' }],
    ['a URL with a password in its query', { CACHE_URL: 'http://cache/?password=hunter2' }],
    ['a URL without a scheme', { CACHE_URL: 'app:hunter2@cache' }],
    ['a plain text with the name of a secret', { API_TOKEN: 'hunter2' }],
  ])('never shows %s', (_name, env: Record<string, string>) => {
    const faults = faultsOf(schema, env);
    const name = Object.keys(env)[0];
    expect(faults.find((fault) => fault.name === name)?.value).toContain('[hidden]');
    expect(describeFaults(faults)).not.toContain('hunter2');
  });

  it('clips what is long', () => {
    const [fault] = faultsOf(z.object({ PORT: port() }), { PORT: '9'.repeat(5000) });
    expect(fault?.value).toHaveLength(101);
  });

  it('keeps the remedy of a setting that was refined', () => {
    const even = integer({ min: 0, max: 10 }).refine((value) => value % 2 === 0, 'is odd');
    expect(faultsOf(z.object({ EVEN: even.default(2) }), { EVEN: '3' })).toEqual([
      { name: 'EVEN', value: '3', problem: 'is odd', remedy: 'Give a whole number from 0 to 10.' },
    ]);
  });

  it('reports a rule over several settings', () => {
    const both = z
      .object({ LOW: integer(), HIGH: integer() })
      .refine(({ LOW, HIGH }) => LOW <= HIGH, { message: 'is lower than LOW', path: ['HIGH'] });
    expect(faultsOf(both, { LOW: '3', HIGH: '2' })).toMatchObject([
      { name: 'HIGH', value: '2', problem: 'is lower than LOW' },
    ]);
  });
});

describe('describeFaults', () => {
  it('says what is wrong and what to do', () => {
    const faults = faultsOf(z.object({ PORT: port(), SIGNING_KEY: secret(4) }), {
      SIGNING_KEY: 'abc',
    });
    expect(describeFaults(faults)).toBe(
      [
        '2 settings are wrong:',
        '  PORT is missing.',
        '    Give a port number from 0 (any free one) to 65535, such as 8080.',
        '  SIGNING_KEY=[hidden] is shorter than 4 characters.',
        '    Give a secret of at least 4 characters.',
      ].join('\n'),
    );
    expect(describeFaults(faults.slice(0, 1))).toMatch(/^1 setting is wrong:/);
  });
});
