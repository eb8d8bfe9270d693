import { describe, expect, it } from '@jest/globals';
import { maskMail } from './mask-mail.ts';

describe('a masked address', () => {
  it.each([
    ['ada.lovelace@example.org', 'a…e@example.org'],
    ['adal@x.org', 'a…l@x.org'],
    ['ada@x.org', 'a…@x.org'],
    ['a@x.org', 'a…@x.org'],
    ['"a@b"@x.org', '"…"@x.org'],
    ['', '…'],
  ])('of %j is %j', (address, masked) => {
    expect(maskMail(address)).toBe(masked);
  });
});
