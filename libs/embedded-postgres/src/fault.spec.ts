import { describe, expect, it } from '@jest/globals';

import { asResult, faultOfMessage } from './fault.ts';

const where = { dataDir: '/srv/data', port: 5432, logFile: '/srv/postgres.log' };

describe('a fault', () => {
  it.each([
    ['FATAL:  could not write to file "pg_wal/xlogtemp.7": No space left on device', 'disk_full'],
    ['ENOSPC: no space left on device, write', 'disk_full'],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'port_taken'],
    ["EACCES: permission denied, mkdir '/srv/data'", 'not_writable'],
    ["EROFS: read-only file system, mkdir '/srv/data'", 'not_writable'],
    ["ENOTDIR: not a directory, mkdir '/srv/file/data'", 'not_writable'],
    ["EINVAL: invalid argument, chown '/srv/data.new'", 'no_ordinary_user'],
    ['FATAL:  invalid value for parameter "work_mem"', 'start_failed'],
    ['', 'start_failed'],
  ])('is read out of %j', (message, code) => {
    expect(faultOfMessage(message, where).code).toBe(code);
  });

  it('says in one sentence what it is and what to do', () => {
    expect(faultOfMessage('EADDRINUSE', where).detail).toBe(
      'Port 5432 on 127.0.0.1, wanted for PostgreSQL, is taken by another program: end that program, or choose another port.',
    );
    expect(faultOfMessage('LOG: hello\n2026 FATAL:  bad setting\n', where).detail).toBe(
      'PostgreSQL did not start (bad setting): see its log in /srv/postgres.log.',
    );
  });

  it('is data, whatever was thrown', async () => {
    const result = await asResult(where, () =>
      Promise.reject(new Error('EDQUOT: disk quota exceeded')),
    );
    expect(result).toMatchObject({ ok: false, error: { code: 'disk_full' } });
  });
});
