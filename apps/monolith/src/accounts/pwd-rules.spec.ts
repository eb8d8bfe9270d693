import { describe, expect, it } from '@jest/globals';
import { pwdFaults } from './pwd-rules.ts';

const owner = { eml: 'ada.lovelace@example.org', nm: 'Ada Lovelace' };
const faults = (pwd: string) => pwdFaults(pwd, owner, '/password');

describe('rules for a new password', () => {
  it('takes ten characters and refuses nine', () => {
    expect(faults('k7#mQ-z2xw')).toEqual([]);
    expect(faults('k7#mQ-z2x')[0]?.problem).toBe('has 9 characters, fewer than 10');
  });

  it('takes two hundred characters and refuses one more', () => {
    const long = 'orbit '.repeat(40);
    expect(faults(long.slice(0, 200))).toEqual([]);
    expect(faults(long.slice(0, 201))[0]?.problem).toBe('has more than 200 characters');
  });

  it('counts characters after normalisation, not code units', () => {
    expect(faults('🪐🌍🌕🌞🚀🔭🧪🧬🦠')).toHaveLength(1);
    expect(faults('🪐🌍🌕🌞🚀🔭🧪🧬🦠🧲')).toEqual([]);
    // The ligature is two letters after NFKC.
    expect(faults('orbit-ﬀ#9')).toEqual([]);
  });

  it.each([
    'password123',
    'Password-123',
    'P a s s w o r d 1 2 3',
    'qwertyuiop',
    'abcdefghijkl',
    'zyxwvutsrq',
    'aaaaaaaaaaaa',
    'abababababab',
  ])('refuses %s, which is tried first', (pwd) => {
    expect(faults(pwd)[0]?.problem).toBe('is one of those that are tried first');
  });

  it.each([
    'Ada Lovelace',
    'ada.lovelace',
    'ada.lovelace@example.org',
    'adalovelaceadalovelace',
    'ADA-LOVELACE',
  ])('refuses %s, the name or address of the owner', (pwd) => {
    expect(faults(pwd)[0]?.problem).toBe('is your name or mail address');
  });

  it('takes a passphrase that has the name in it', () => {
    expect(faults('ada lovelace wrote the first program')).toEqual([]);
  });

  it('says where and what to do', () => {
    expect(pwdFaults('short', owner, '/newPassword')[0]).toMatchObject({
      pointer: '/newPassword',
      remedy: expect.stringContaining('10 to 200'),
    });
  });
});
