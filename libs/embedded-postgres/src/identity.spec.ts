import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { planIdentity, reachesAll, type Surroundings } from './identity.ts';

const all = 0x1ffffffffffn;
const root: Surroundings = {
  platform: 'linux',
  uid: 0,
  dataOwner: undefined,
  passwd:
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/var:/bin/sh\n',
  setpriv: '/usr/bin/setpriv',
  capabilities: all,
  reaches: () => true,
};
const command = (here: Surroundings): string => {
  const { file, args } = planIdentity(here).command('/pg/postgres', ['-D', '/data']);
  return [file, ...args].join(' ');
};

describe('who PostgreSQL runs as', () => {
  it('is the ordinary user who starts it, and it ends with its parent', () => {
    expect(command({ ...root, uid: 1000 })).toBe(
      '/usr/bin/setpriv --pdeathsig=INT -- /pg/postgres -D /data',
    );
    expect(planIdentity({ ...root, uid: 1000 }).account).toBeUndefined();
  });

  it('is the ordinary user without any helper where there is none', () => {
    expect(command({ ...root, uid: 1000, setpriv: undefined })).toBe('/pg/postgres -D /data');
    expect(command({ ...root, uid: 501, platform: 'darwin' })).toBe('/pg/postgres -D /data');
    expect(command({ ...root, uid: undefined, platform: 'win32' })).toBe('/pg/postgres -D /data');
  });

  it('is an account other than root', () => {
    expect(command(root)).toBe(
      '/usr/bin/setpriv --reuid=101 --regid=104 --clear-groups --no-new-privs --pdeathsig=INT -- /pg/postgres -D /data',
    );
    const bare = planIdentity({ ...root, setpriv: undefined });
    expect(bare.spawnAs).toEqual({ uid: 101, gid: 104 });
    expect(planIdentity({ ...root, passwd: 'nobody:x:65534:65534::/:/bin/false' }).account).toEqual(
      {
        uid: 65534,
        gid: 65534,
      },
    );
  });

  it('is the owner of the data, except root', () => {
    expect(planIdentity({ ...root, dataOwner: { uid: 1000, gid: 1000 } }).account).toEqual({
      uid: 1000,
      gid: 1000,
    });
    expect(planIdentity({ ...root, dataOwner: { uid: 0, gid: 0 } }).account).toEqual({
      uid: 101,
      gid: 104,
    });
  });

  it('gets one capability where folder modes bar the way, the lesser one if it can', () => {
    const barred = { ...root, reaches: () => false };
    expect(command(barred)).toContain(
      '--ambient-caps=+dac_read_search --securebits=+no_setuid_fixup',
    );
    expect(command({ ...barred, capabilities: 1n << 1n })).toContain(
      '--ambient-caps=+dac_override',
    );
  });

  it.each<[string, Partial<Surroundings>, string]>([
    ['data of another user', { uid: 1000, dataOwner: { uid: 0, gid: 0 } }, 'not_writable'],
    ['no account to change to', { passwd: 'root:x:0:0::/:/bin/sh' }, 'no_ordinary_user'],
    [
      'a barred way and no capability',
      { reaches: () => false, capabilities: 0n },
      'no_ordinary_user',
    ],
    [
      'a barred way and no helper',
      { reaches: () => false, setpriv: undefined },
      'no_ordinary_user',
    ],
  ])('is refused with %s', (_case, part, code) => {
    expect(() => planIdentity({ ...root, ...part })).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ code }) }),
    );
  });
});

describe('reaching a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'newscience-reach-'));
  const inner = join(folder, 'inner');
  const file = join(inner, 'file');
  mkdirSync(inner);
  writeFileSync(file, '');
  afterAll(() => rmSync(folder, { recursive: true }));
  const stranger = { uid: 54_321, gid: 54_321 };

  it.each([
    [0o755, 0o755, 0o644, true],
    [0o711, 0o711, 0o644, true],
    [0o700, 0o755, 0o644, false],
    [0o755, 0o754, 0o644, false],
    [0o755, 0o755, 0o640, false],
  ])('depends on every mode on the way: %o %o %o', (outerMode, innerMode, fileMode, reached) => {
    chmodSync(folder, outerMode);
    chmodSync(inner, innerMode);
    chmodSync(file, fileMode);
    expect(reachesAll(stranger, [file])).toBe(reached);
    chmodSync(folder, 0o755);
    chmodSync(inner, 0o755);
  });

  it('depends on the folders alone where there is no file yet', () => {
    expect(reachesAll(stranger, [join(inner, 'new')])).toBe(true);
  });
});
