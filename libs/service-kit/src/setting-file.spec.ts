import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { describeFaults, port, readConfig, secret, secretUrl, text } from './config.ts';
import type { ConfigFault } from './config.ts';

let folder: string;
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o400 });
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const schema = z.object({
  PORT: port().default(8080),
  SIGNING_KEY: secret(8),
  DATABASE_URL: secretUrl(['postgres']).optional(),
});

function faultsOf(env: Record<string, string>, of: z.ZodObject = schema): ConfigFault[] {
  const read = readConfig(of, env);
  return read.ok ? [] : read.error;
}

describe('a setting from a file', () => {
  it('is what the file holds, without the white space at its ends', () => {
    const read = readConfig(schema, {
      PORT_FILE: file('port', ' 9000\n'),
      SIGNING_KEY_FILE: file('key', 'a key with blanks\n\n'),
    });
    if (!read.ok) throw new Error(describeFaults(read.error));
    expect(read.value.PORT).toBe(9000);
    expect(read.value.SIGNING_KEY.reveal()).toBe('a key with blanks');
    expect(inspect(read.value, { depth: 9 })).not.toContain('a key');
  });

  it('may be named and not given, and a default stays', () => {
    const read = readConfig(schema, { PORT_FILE: '', SIGNING_KEY: '12345678', PORT: '' });
    expect(read).toMatchObject({ ok: true, value: { PORT: 8080 } });
  });

  it('is a file of the largest size, and not of one byte more', () => {
    const largest = file('largest', 'x'.repeat(65_536));
    expect(readConfig(schema, { SIGNING_KEY_FILE: largest }).ok).toBe(true);
    const larger = file('larger', 'x'.repeat(65_537));
    expect(faultsOf({ SIGNING_KEY_FILE: larger })).toMatchObject([
      { name: 'SIGNING_KEY_FILE', problem: 'names a file of more than 65536 bytes' },
    ]);
  });

  it('is not given twice', () => {
    expect(
      faultsOf({ SIGNING_KEY: 'hunter2hunter2', SIGNING_KEY_FILE: file('twice', 'x') }),
    ).toEqual([
      {
        name: 'SIGNING_KEY_FILE',
        value: join(folder, 'twice'),
        problem: 'is set, and so is SIGNING_KEY',
        remedy: 'Set either SIGNING_KEY or SIGNING_KEY_FILE.',
      },
    ]);
  });

  it('is checked like any other, and its content stays hidden', () => {
    const faults = faultsOf({
      SIGNING_KEY_FILE: file('short', 'hunter2'),
      DATABASE_URL_FILE: file('url', 'mysql://app:hunter2@db/x'),
      PORT_FILE: file('far', '70000'),
    });
    expect(faults.map(({ name, value }) => [name, value])).toEqual([
      ['PORT', '70000'],
      ['SIGNING_KEY', '[hidden]'],
      ['DATABASE_URL', '[hidden]'],
    ]);
    expect(describeFaults(faults)).not.toContain('hunter2');
  });

  it('tells everything that is wrong at once, each thing once', () => {
    const absent = join(folder, 'absent');
    const faults = faultsOf({
      PORT: 'eighty',
      SIGNING_KEY_FILE: absent,
      DATABASE_URL_FILE: file('empty', ' \n'),
    });
    expect(faults).toEqual([
      {
        name: 'SIGNING_KEY_FILE',
        value: absent,
        problem: 'names a file that cannot be read (ENOENT)',
        remedy: 'Give the path of a file that this account may read.',
      },
      {
        name: 'DATABASE_URL_FILE',
        value: join(folder, 'empty'),
        problem: 'names a file that is empty',
        remedy: 'Write the value of DATABASE_URL into it.',
      },
      expect.objectContaining({ name: 'PORT', problem: 'is not a whole number' }),
    ]);
  });

  it('is no folder', () => {
    expect(faultsOf({ SIGNING_KEY_FILE: folder })).toMatchObject([{ problem: 'names no file' }]);
  });

  it('has no say where the service itself has a setting of that name', () => {
    const own = z.object({ TABLE: text().default('none'), TABLE_FILE: text() });
    const read = readConfig(own, { TABLE_FILE: '/nowhere/table.json' });
    expect(read).toEqual({ ok: true, value: { TABLE: 'none', TABLE_FILE: '/nowhere/table.json' } });
  });
});
