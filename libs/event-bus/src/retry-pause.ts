import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits before the next try: doubles from `firstMs` up to `mostMs`, and half of it is chance, so that those
 * who failed together do not come back together. Ends early, without an error, when the signal is aborted.
 */
export async function retryPause(
  tries: number,
  signal: AbortSignal,
  { firstMs = 100, mostMs = 5000 } = {},
): Promise<void> {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 20));
  await sleep(whole / 2 + (Math.random() * whole) / 2, undefined, { signal }).catch(
    () => undefined,
  );
}
