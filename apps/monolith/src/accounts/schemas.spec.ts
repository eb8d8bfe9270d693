import { describe, expect, it } from '@jest/globals';
import { registrationSchema } from './schemas.ts';

const good = { email: 'ada@example.org', name: 'Ada Lovelace', password: 'four words of mine' };
const accepts = (change: object) => registrationSchema.safeParse({ ...good, ...change }).success;

describe('a registration', () => {
  it('takes names of 1 to 80 characters', () => {
    expect(accepts({ name: 'A' })).toBe(true);
    expect(accepts({ name: '🪐'.repeat(80) })).toBe(true);
    expect(accepts({ name: '🪐'.repeat(81) })).toBe(false);
    expect(accepts({ name: '   ' })).toBe(false);
  });

  it('takes names of all scripts, with apostrophes and hyphens', () => {
    for (const name of ["Conor O'Neill", 'Anne-Marie', '山田 花子', 'Ωμέγα', 'নাজমা'])
      expect(accepts({ name })).toBe(true);
  });

  it.each(['\u202egnp.exe', 'a\u200bb', 'a\u0000b', '\u2066Ada'])(
    'refuses characters nobody sees: %j',
    (name) => {
      expect(accepts({ name })).toBe(false);
    },
  );

  it('puts the name in order', () => {
    expect(registrationSchema.parse({ ...good, name: '  Ada \n Andre\u0301 ' }).name).toBe(
      'Ada Andr\u00e9',
    );
  });

  it.each([
    'ada',
    'ada@',
    '@example.org',
    'ada@example',
    `${'a'.repeat(250)}@example.org`,
    'ada@example.org\r\nbcc: x@y.z',
  ])('refuses the mail address %j', (email) => {
    expect(accepts({ email })).toBe(false);
  });

  it('refuses a role, or anything else that was not asked for', () => {
    expect(accepts({ role: 'operator' })).toBe(false);
    expect(accepts({ rol: 'O' })).toBe(false);
  });
});
