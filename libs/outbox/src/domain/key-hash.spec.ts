import { describe, expect, it } from '@jest/globals';

import { KEY_SLOTS, keyHash, keySlot, lockNumber, outboxPartition } from './key-hash.ts';

describe('the hash of a key', () => {
  it('is FNV-1a: the published test values', () => {
    expect(['', 'a', 'foobar'].map(keyHash)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  it('takes letters beyond ASCII as UTF-8', () => {
    expect(keyHash('ä')).not.toBe(keyHash('ae'));
    expect(keyHash('ä')).toBe(keyHash('\u00e4'));
  });

  it('spreads keys over all partitions and slots', () => {
    const keys = Array.from({ length: 16_000 }, (_, n) => `article-${n}`);
    const partitions = new Map<number, number>();
    for (const key of keys) {
      const partition = outboxPartition(key);
      partitions.set(partition, (partitions.get(partition) ?? 0) + 1);
    }
    expect([...partitions.keys()].sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
    expect(Math.min(...partitions.values())).toBeGreaterThan(800);
    expect(new Set(keys.map(keySlot)).size).toBe(KEY_SLOTS);
  });

  it('fits a signed four-byte integer', () => {
    for (const key of ['', 'a', 'foobar']) {
      expect(lockNumber(key)).toBeGreaterThanOrEqual(-(2 ** 31));
      expect(lockNumber(key)).toBeLessThan(2 ** 31);
    }
    expect(lockNumber('foobar')).toBe(0xbf9cf968 - 2 ** 32);
  });
});
