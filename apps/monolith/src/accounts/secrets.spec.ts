import { describe, expect, it } from '@jest/globals';
import { Secret } from '@newscience/service-kit/secret';
import { createSecrets, sameToken } from './secrets.ts';

const secrets = createSecrets(new Secret('a secret of thirty-two characters'));
const others = createSecrets(new Secret('another secret of that many chars'));

describe('secrets', () => {
  it('opens what it sealed, under the same name', () => {
    const sealed = secrets.seal('the private part', 'key-1');
    expect(secrets.open(sealed, 'key-1')).toBe('the private part');
    expect(JSON.stringify(sealed)).not.toContain('private part');
  });

  it('opens nothing of another name or secret', () => {
    const sealed = secrets.seal('the private part', 'key-1');
    expect(secrets.open(sealed, 'key-2')).toBeNull();
    expect(others.open(sealed, 'key-1')).toBeNull();
  });

  it('opens nothing that was changed or shortened', () => {
    const sealed = secrets.seal('the private part', 'key-1');
    expect(secrets.open({ ...sealed, txt: `A${sealed.txt.slice(1)}B` }, 'key-1')).toBeNull();
    expect(secrets.open({ ...sealed, tag: sealed.tag.slice(0, 6) }, 'key-1')).toBeNull();
    expect(secrets.open({ ...sealed, tag: '' }, 'key-1')).toBeNull();
  });

  it('seals the same text differently each time', () => {
    expect(secrets.seal('x', 'k').txt).not.toBe(secrets.seal('x', 'k').txt);
  });

  it('derives tokens and keys that depend on secret, use and value', () => {
    expect(secrets.formToken('a')).toBe(secrets.formToken('a'));
    expect(secrets.formToken('a')).not.toBe(secrets.formToken('b'));
    expect(secrets.formToken('a')).not.toBe(others.formToken('a'));
    expect(secrets.attemptKey('account', 'a')).not.toBe(secrets.attemptKey('address', 'a'));
  });

  it('compares tokens of any length', () => {
    expect(sameToken('abc', 'abc')).toBe(true);
    expect(sameToken('abd', 'abc')).toBe(false);
    expect(sameToken('ab', 'abc')).toBe(false);
    expect(sameToken('', 'abc')).toBe(false);
  });
});
