import { describe, expect, it } from '@jest/globals';

import { type LegacyServer, planCapture, type Remembered, type Slot } from './capture-plan.ts';

const slot: Slot = { database: 'monolith', plugin: 'pgoutput', lost: false, confirmed: 90n };
const server: LegacyServer = { systemId: '7', database: 'monolith', end: 200n, slot };
const remembered: Remembered = { position: 100n, systemId: '7', snapshotDue: null };
const plan = (
  was: Partial<Remembered> = {},
  is: Partial<LegacyServer> = {},
  its: Partial<Slot> = {},
) => planCapture({ ...remembered, ...was }, { ...server, slot: { ...slot, ...its }, ...is });

describe('capture', () => {
  it('goes on where it was', () => {
    expect(plan()).toEqual({ kind: 'stream', from: 100n });
  });

  it.each([
    ['what was confirmed is all that was captured', {}, {}, { confirmed: 100n }],
    ['the slot is new', {}, {}, { confirmed: null }],
    ['everything is captured', { position: 200n }, {}, {}],
  ])('goes on where %s', (_, was, is, its) => {
    expect(plan(was, is, its).kind).toBe('stream');
  });

  it.each([
    [/Nothing has been captured/, { position: null }, {}, {}],
    [/asked for it/, { snapshotDue: 'Ada asked for it' }, {}, {}],
    [/another server/, {}, { systemId: '8' }, {}],
    [/was dropped/, {}, { slot: null }, {}],
    [/was lost/, {}, {}, { lost: true }],
    [/set back/, { position: 201n }, {}, {}],
    [/past what was captured/, {}, {}, { confirmed: 101n }],
  ])('begins with a snapshot because of %s', (why, was, is, its) => {
    expect(plan(was, is, its)).toEqual({ kind: 'snapshot', why: expect.stringMatching(why) });
  });

  it.each([{ database: 'other' }, { plugin: 'test_decoding' }])(
    'leaves the slot of somebody else alone: %j',
    (its) => {
      expect(plan({ position: null }, {}, its)).toMatchObject({ kind: 'refuse' });
    },
  );
});
