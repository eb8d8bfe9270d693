import { describe, expect, it } from '@jest/globals';

import { readSince } from './since.ts';

const now = new Date('2026-03-02T12:00:00Z');

describe('since when', () => {
  it.each([
    ['30s', '2026-03-02T11:59:30.000Z'],
    ['10m', '2026-03-02T11:50:00.000Z'],
    ['2h', '2026-03-02T10:00:00.000Z'],
    ['3d', '2026-02-27T12:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
    ['yesterday', undefined],
    ['10', undefined],
    ['10y', undefined],
    ['2026-13-01', undefined],
    ['', undefined],
  ])('%s is %s', (text, expected) => {
    expect(readSince(text, now)).toBe(expected);
  });
});
