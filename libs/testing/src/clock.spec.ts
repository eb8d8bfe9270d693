import { describe, expect, it } from '@jest/globals';

import { testClock } from './clock.ts';

describe('a test clock', () => {
  it('stands still until it is moved', async () => {
    const clock = testClock('2026-01-01T00:00:00.000Z');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.date().toISOString()).toBe('2026-01-01T00:00:00.000Z');
    await clock.advance(1500);
    expect(clock.date().toISOString()).toBe('2026-01-01T00:00:01.500Z');
    expect(clock.now()).toBe(Date.parse('2026-01-01T00:00:01.500Z'));
  });

  it('wakes sleepers in order of their time, each at its time, and none too early', async () => {
    const clock = testClock();
    const start = clock.now();
    const woken: string[] = [];
    for (const [name, ms] of [
      ['late', 20],
      ['early', 10],
      ['early too', 10],
      ['later', 21],
    ] as const)
      void clock.sleep(ms).then(() => woken.push(`${name} ${clock.now() - start}`));
    await clock.advance(9);
    expect(woken).toEqual([]);
    await clock.advance(11);
    expect(woken).toEqual(['early 10', 'early too 10', 'late 20']);
    expect(clock.sleepers()).toBe(1);
  });

  it('lets a loop run as often as it would have', async () => {
    const clock = testClock();
    let rounds = 0;
    const stop = new AbortController();
    const loop = (async () => {
      for (;;) {
        await clock.sleep(100, { signal: stop.signal });
        rounds += 1;
      }
    })();
    await clock.advance(1000);
    expect(rounds).toBe(10);
    stop.abort(new Error('enough'));
    await expect(loop).rejects.toThrow('enough');
    expect(clock.sleepers()).toBe(0);
  });

  it('does not sleep for who has been told to stop', async () => {
    const aborted = AbortSignal.abort(new Error('before'));
    await expect(testClock().sleep(1, { signal: aborted })).rejects.toThrow('before');
  });

  it('goes on to the next sleeper, however far that is', async () => {
    const clock = testClock();
    const start = clock.now();
    void clock.sleep(30 * 86_400_000);
    expect(await clock.next()).toBe(true);
    expect(clock.now() - start).toBe(30 * 86_400_000);
    expect(await clock.next()).toBe(false);
  });

  it('does not go back', async () => {
    await expect(testClock().advance(-1)).rejects.toThrow('Time does not go back');
    expect(() => testClock('noon')).toThrow('cannot be set to noon');
  });
});
