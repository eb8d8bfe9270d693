import { describe, expect, it } from '@jest/globals';

import { createTimelineHead } from './timeline-head.ts';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

describe('the head of the timeline', () => {
  it('wakes those who wait when it moves, and nobody when it does not', async () => {
    const head = createTimelineHead();
    expect(head.current()).toBeUndefined();
    head.set(3);
    const seen = head.current();
    let woken = 0;
    const waiting = [1, 2].map(() => head.moved(seen, HOUR_MS, never).then(() => (woken += 1)));
    head.set(3);
    await Promise.resolve();
    expect(woken).toBe(0);
    head.set(4);
    await Promise.all(waiting);
    expect(head.current()).toEqual({ id: 4, epoch: 0 });
  });

  it('does not let anybody wait who has not seen the latest', async () => {
    const head = createTimelineHead();
    head.set(1);
    await head.moved(undefined, HOUR_MS, never);
    const seen = head.current();
    head.set(2);
    await head.moved(seen, HOUR_MS, never);
  });

  it('gives up after a time, or when asked to', async () => {
    const head = createTimelineHead();
    await head.moved(undefined, 1, never);
    const stop = new AbortController();
    const waiting = head.moved(undefined, HOUR_MS, stop.signal);
    stop.abort();
    await waiting;
    await head.moved(undefined, HOUR_MS, stop.signal);
  });

  it('begins a new epoch when it goes back', () => {
    const head = createTimelineHead();
    head.set(5);
    head.set(2);
    head.set(9);
    expect(head.current()).toEqual({ id: 9, epoch: 1 });
  });
});
