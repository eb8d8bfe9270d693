import { beforeEach, describe, expect, it } from '@jest/globals';

import { type Bulkhead, type BulkheadOptions, createBulkhead } from './bulkhead.ts';
import type { ResilienceEvent } from './events.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let events: ResilienceEvent[];
beforeEach(() => {
  clock = createVirtualClock();
  events = [];
});
const make = (options: Partial<BulkheadOptions> = {}): Bulkhead =>
  createBulkhead({
    name: 'rooms',
    concurrency: 2,
    queue: 2,
    queueMs: 100,
    clock,
    on: (event) => events.push(event),
    ...options,
  });

function enter(bulkhead: Bulkhead, signal?: AbortSignal) {
  const work = Promise.withResolvers<string>();
  const call = { begun: false, outcome: undefined as unknown, ...work };
  bulkhead
    .execute(
      () => {
        call.begun = true;
        return work.promise;
      },
      { signal },
    )
    .then(
      (value) => (call.outcome = value),
      (error: unknown) => (call.outcome = error),
    );
  return call;
}

describe('a bulkhead', () => {
  it('lets so many in at once, queues so many, and refuses the next', async () => {
    const bulkhead = make();
    const calls = Array.from({ length: 5 }, () => enter(bulkhead));
    await clock.advance(0);
    expect(calls.map(({ begun }) => begun)).toEqual([true, true, false, false, false]);
    expect(calls[4]?.outcome).toMatchObject({ code: 'bulkhead_full', because: 'queue-full' });
    expect(bulkhead.view()).toEqual({ running: 2, concurrency: 2, queued: 2, queue: 2 });
    calls[1]?.reject(new Error('also frees its place'));
    await clock.advance(0);
    expect(calls.map(({ begun }) => begun)).toEqual([true, true, true, false, false]);
    calls[0]?.resolve('done');
    calls[2]?.resolve('done');
    await clock.advance(0);
    calls[3]?.resolve('done');
    await clock.advance(0);
    expect(bulkhead.view()).toMatchObject({ running: 0, queued: 0 });
  });

  it.each([
    [99, undefined],
    [100, 'queue-time-over'],
  ])(
    'lets wait no longer than the time in the queue: after %d of 100 ms %p',
    async (after, because) => {
      const bulkhead = make({ concurrency: 1 });
      const first = enter(bulkhead);
      const second = enter(bulkhead);
      await clock.advance(after);
      expect((second.outcome as { because?: string } | undefined)?.because).toBe(because);
      first.resolve('');
      await clock.advance(0);
      expect(second.begun).toBe(because === undefined);
    },
  );

  it('lets a caller leave the queue', async () => {
    const bulkhead = make({ concurrency: 1 });
    const first = enter(bulkhead);
    const caller = new AbortController();
    const second = enter(bulkhead, caller.signal);
    const third = enter(bulkhead);
    caller.abort('gone');
    await clock.advance(0);
    expect(second.outcome).toBe('gone');
    first.resolve('');
    await clock.advance(0);
    expect([second.begun, third.begun]).toEqual([false, true]);
    expect(enter(bulkhead, AbortSignal.abort('gone before')).begun).toBe(false);
  });

  it('never counts wrong, whatever ends in which order', async () => {
    const bulkhead = make({ concurrency: 3, queue: 5 });
    let most = 0;
    let running = 0;
    const calls = Array.from({ length: 200 }, (_, n) =>
      bulkhead
        .execute(async () => {
          running += 1;
          most = Math.max(most, running);
          for (let k = 0; k < (n * 7) % 5; k += 1) await Promise.resolve();
          running -= 1;
          if (n % 3 === 0) throw new Error('boom');
        })
        .catch(() => undefined),
    );
    await Promise.all(calls);
    expect(most).toBe(3);
    expect(bulkhead.view()).toMatchObject({ running: 0, queued: 0 });
  });

  it('reports rejections and waits', async () => {
    const bulkhead = make({ concurrency: 1, queue: 1 });
    const first = enter(bulkhead);
    enter(bulkhead);
    enter(bulkhead);
    await clock.advance(40);
    first.resolve('');
    await clock.advance(0);
    expect(events).toEqual([
      { type: 'bulkhead-rejected', policy: 'rooms', because: 'queue-full' },
      { type: 'bulkhead-waited', policy: 'rooms', waitedMs: 40 },
    ]);
  });

  it('says what is wrong with its options', () => {
    expect(() => make({ concurrency: 0, queue: -1, queueMs: 0 })).toThrow(
      /concurrency .*; queue .*; queueMs/,
    );
  });
});
