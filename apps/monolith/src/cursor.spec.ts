import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { readCursor, writeCursor } from './cursor.ts';

const schema = z.tuple([z.int(), z.int().positive()]);

describe('a cursor', () => {
  const cursor = writeCursor('art:x', [1_772_366_400_000, 7]);

  it('gives back what it was made of', () => {
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(readCursor('art:x', cursor, schema)).toEqual([1_772_366_400_000, 7]);
  });

  it('is refused with any one character changed, added or taken away', () => {
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      expect(
        readCursor('art:x', cursor.slice(0, at) + other + cursor.slice(at + 1), schema),
      ).toBeNull();
      expect(readCursor('art:x', cursor.slice(0, at) + cursor.slice(at + 1), schema)).toBeNull();
    }
    expect(readCursor('art:x', `${cursor}A`, schema)).toBeNull();
    expect(readCursor('art:x', `${cursor}=`, schema)).toBeNull();
  });

  it('is refused for another list, of another form, and without an end', () => {
    expect(readCursor('art:y', cursor, schema)).toBeNull();
    expect(readCursor('art:x', writeCursor('art:x', ['a', 7]), schema)).toBeNull();
    expect(readCursor('art:x', writeCursor('art:x', [1, -7]), schema)).toBeNull();
    expect(readCursor('art:x', '', schema)).toBeNull();
    expect(readCursor('art:x', 'A'.repeat(100_000), schema)).toBeNull();
  });
});
