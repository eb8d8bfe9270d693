import { describe, expect, it } from '@jest/globals';
import { facadeSettings } from './settings.ts';

describe('facadeSettings', () => {
  it('puts what is given over the defaults', () => {
    const settings = facadeSettings({
      limits: { bodyBytes: 1 },
      timeouts: { idleMs: 5 },
      connectionsPerUpstream: 7,
    });
    expect(settings.limits).toMatchObject({ bodyBytes: 1, headerBytes: 16_384 });
    expect(settings.timeouts).toMatchObject({ idleMs: 5, connectMs: 3_000 });
    expect(settings.connectionsPerUpstream).toBe(7);
  });

  it.each([
    [{ limits: { headerBytes: 0 } }, 'headerBytes should be a whole number from 1 on, got 0'],
    [{ limits: { bodyBytes: 1.5 } }, 'bodyBytes should be a whole number from 1 on, got 1.5'],
    [{ timeouts: { idleMs: Number.NaN } }, 'idleMs should be a whole number from 1 on, got NaN'],
    [{ timeouts: { lingerMs: -1 } }, 'lingerMs should be a whole number from 0 on, got -1'],
    [{ connectionsPerUpstream: 0 }, 'connectionsPerUpstream should be a whole number from 1 on'],
  ])('refuses %j', (given, message) => {
    expect(() => facadeSettings(given)).toThrow(message);
  });

  it.each(['queuedPerUpstream', 'upgradesPerUpstream', 'lingerBytes'] as const)(
    'takes 0 for %s: none at all',
    (name) => {
      expect(facadeSettings({ limits: { [name]: 0 } }).limits[name]).toBe(0);
    },
  );

  it('names all faults at once', () => {
    const given = { limits: { headerBytes: -1, bodyBytes: -2 }, timeouts: { connectMs: 0 } };
    expect(() => facadeSettings(given)).toThrow(/headerBytes.*bodyBytes.*connectMs/);
  });
});
