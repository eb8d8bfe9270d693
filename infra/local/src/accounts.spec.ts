import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { accountsIn } from './accounts.ts';
import { secretIn } from './private-file.ts';

describe('accounts and secrets', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'newscience-accounts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are made once, differ, and are for their owner only', () => {
    const file = join(folder, 'credentials.json');
    const accounts = accountsIn(file);
    expect(accounts.operator).toEqual({
      email: 'operator@newscience.example',
      password: expect.stringMatching(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/),
    });
    expect(accounts.editor.password).not.toBe(accounts.operator.password);
    expect(accountsIn(file)).toEqual(accounts);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keep a password that somebody set, and make what is missing', () => {
    const file = join(folder, 'credentials.json');
    writeFileSync(file, JSON.stringify({ editor: { email: 'e@x.example', password: 'mine' } }));
    expect(accountsIn(file).editor).toEqual({ email: 'e@x.example', password: 'mine' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(accountsIn(file));
  });

  it('come back after their file was damaged', () => {
    const file = join(folder, 'credentials.json');
    writeFileSync(file, '{');
    expect(accountsIn(file).editor.password).toHaveLength(23);
  });

  it('secrets are 32 random bytes in a file of mode 0600', () => {
    const file = join(folder, 'x.secret');
    const secret = secretIn(file);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(secretIn(file)).toBe(secret);
    expect(secretIn(join(folder, 'y.secret'))).not.toBe(secret);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
