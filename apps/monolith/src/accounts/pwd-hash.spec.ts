import { describe, expect, it } from '@jest/globals';
import { createPwdHash, hashSettings } from './pwd-hash.ts';

const quick = { memoryCost: 64, timeCost: 1, parallelism: 1, running: 2, waiting: 8 };

async function made(settings: typeof quick, pwd: string): Promise<string> {
  const hash = await createPwdHash(settings).make(pwd);
  if (!hash.ok) throw new Error(hash.error.detail);
  return hash.value;
}

describe('password hash', () => {
  it('is argon2id with its parameters beside it, and another one each time', async () => {
    const hash = await made(hashSettings, 'four words of mine');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await made(hashSettings, 'four words of mine')).not.toBe(hash);
  });

  it('knows the password again, however it was composed, and no other', async () => {
    const hashes = createPwdHash(quick);
    const hash = await made(quick, 'caf\u00e9 on the moon');
    expect(await hashes.matches(hash, 'cafe\u0301 on the moon')).toEqual({ ok: true, value: true });
    expect(await hashes.matches(hash, 'cafe on the moon')).toEqual({ ok: true, value: false });
  });

  it('answers for nobody as for a wrong password', async () => {
    expect(await createPwdHash(quick).matches(null, 'whatever it is')).toEqual({
      ok: true,
      value: false,
    });
  });

  it('checks a hash with its own parameters and calls it outdated', async () => {
    const old = await made(quick, 'four words of mine');
    const hashes = createPwdHash({ ...quick, timeCost: 2 });
    expect(await hashes.matches(old, 'four words of mine')).toEqual({ ok: true, value: true });
    expect(hashes.outdated(old)).toBe(true);
    expect(createPwdHash(quick).outdated(old)).toBe(false);
  });

  it('turns away whoever finds the queue full, and nobody once it is empty', async () => {
    const hashes = createPwdHash({ ...quick, running: 1, waiting: 1 });
    const three = await Promise.all([1, 2, 3].map(() => hashes.make('four words of mine')));
    expect(three.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(three[2]).toMatchObject({
      error: { code: 'account_busy', retryable: true, retryAfterSeconds: 5 },
    });
    expect((await hashes.make('four words of mine')).ok).toBe(true);
  });
});
