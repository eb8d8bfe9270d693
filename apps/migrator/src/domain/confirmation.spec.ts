import { describe, expect, it } from '@jest/globals';

import { createConfirmation } from './confirmation.ts';

describe('a position is confirmed', () => {
  it('not before the outbox has been emptied of its events', () => {
    const confirmation = createConfirmation(0n);
    confirmation.captured(10n, 5n);
    confirmation.published(5n, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(0n);
    confirmation.published(6n, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(10n);
  });

  it('as far as events have been published, and no further', () => {
    const confirmation = createConfirmation(0n);
    confirmation.captured(10n, 5n);
    confirmation.captured(20n, 8n);
    confirmation.captured(30n, 9n);
    confirmation.published(9n, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(20n);
    confirmation.published(null, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(30n);
  });

  it('where nothing was written only behind what was written before', () => {
    const confirmation = createConfirmation(0n);
    confirmation.captured(10n, 5n);
    confirmation.captured(20n, null);
    confirmation.published(4n, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(0n);
    confirmation.published(null, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(20n);
  });

  it('not for what was captured after the outbox was found empty', () => {
    const confirmation = createConfirmation(0n);
    confirmation.captured(10n, 5n);
    const before = confirmation.newestMark();
    confirmation.captured(20n, 6n);
    confirmation.published(null, before);
    expect(confirmation.confirmed()).toBe(10n);
  });

  it('also when nothing waited as the outbox was looked at', () => {
    const confirmation = createConfirmation(0n);
    const before = confirmation.newestMark();
    confirmation.captured(20n, 6n);
    confirmation.published(null, before);
    expect(confirmation.confirmed()).toBe(0n);
  });

  it('after a long time without the bus, at the end exactly', () => {
    const confirmation = createConfirmation(0n);
    for (let at = 1n; at <= 50_000n; at += 1n) confirmation.captured(at, at);
    confirmation.published(25_001n, confirmation.newestMark());
    const halfway = confirmation.confirmed();
    expect(halfway).toBeLessThanOrEqual(25_000n);
    expect(halfway).toBeGreaterThan(20_000n);
    confirmation.published(null, confirmation.newestMark());
    expect(confirmation.confirmed()).toBe(50_000n);
  });
});
