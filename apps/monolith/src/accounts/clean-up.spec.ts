import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { startCleanUp } from './clean-up.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

describe('the clean-up', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('runs once per interval, one at a time, and no more once it is stopped', async () => {
    const ends: (() => void)[] = [];
    const cleanUp = jest.fn(() => new Promise<void>((resolve) => ends.push(resolve)));
    const stop = startCleanUp({ cleanUp }, { intervalMs: 1000, logger });
    await jest.advanceTimersByTimeAsync(999);
    expect(cleanUp).toHaveBeenCalledTimes(0);
    await jest.advanceTimersByTimeAsync(2001);
    expect(cleanUp).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await jest.advanceTimersByTimeAsync(1000);
    expect(cleanUp).toHaveBeenCalledTimes(2);

    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(5000);
    expect(stopped).toBe(false);
    ends[1]?.();
    await stopping;
    expect(cleanUp).toHaveBeenCalledTimes(2);
  });

  it('goes on after a failure', async () => {
    const cleanUp = jest.fn(() => Promise.reject(new Error('the database is away')));
    const stop = startCleanUp({ cleanUp }, { intervalMs: 1000, logger });
    await jest.advanceTimersByTimeAsync(3000);
    expect(cleanUp).toHaveBeenCalledTimes(3);
    await stop();
  });
});
