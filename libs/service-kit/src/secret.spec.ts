import { format, inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { reveal, Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2-hunter2');

  it('gives the value when asked for it, and only then', () => {
    expect(secret.reveal()).toBe('hunter2-hunter2');
    expect(reveal(secret)).toBe('hunter2-hunter2');
    expect(reveal('plain')).toBe('plain');
  });

  it.each([
    ['a text', `it is ${String(secret)}`],
    ['a joined text', ['a', secret].join(' ')],
    ['JSON', JSON.stringify({ secret, list: [secret] })],
    ['inspect', inspect({ secret, deep: { secret } }, { showHidden: true, depth: 9 })],
    ['format', format('%s %o %j', secret, secret, secret)],
    ['its fields', JSON.stringify(Object.entries(secret))],
    ['a copy', JSON.stringify(Object.assign({}, secret))],
  ])('does not show it as %s', (_name, shown) => {
    expect(shown).not.toContain('hunter2');
  });
});
