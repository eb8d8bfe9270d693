import { expect, it } from '@jest/globals';
import fc from 'fast-check';

import { formatLsn, parseLsn } from './lsn.ts';

it('reads what PostgreSQL writes', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16_b374_d848n);
  expect(formatLsn(0x1_0000_0000n)).toBe('1/0');
});

it('reads what it writes', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (lsn) => {
      expect(parseLsn(formatLsn(lsn))).toBe(lsn);
    }),
  );
});

it.each(['', '1', '1/', '1/G', '123456789/0', '1/0/0'])('refuses %j', (text) => {
  expect(() => parseLsn(text)).toThrow(RangeError);
});
