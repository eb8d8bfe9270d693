import type { LiveCall } from './call.ts';
import type { Clock } from './clock.ts';

/** Waits on behalf of a call. False, at once, when the call is over before. It holds the process: somebody waits. */
export function pause(clock: Clock, ms: number, call: LiveCall): Promise<boolean> {
  if (call.aborted) return Promise.resolve(false);
  const { signal } = call;
  return new Promise((resolve) => {
    const due = clock.now() + ms;
    let cancel = (): void => undefined;
    const onAbort = (): void => {
      cancel();
      resolve(false);
    };
    // Timers may fire a little early, and very long ones fire after what they can count to.
    const look = (): void => {
      const left = due - clock.now();
      if (left > 0) {
        cancel = clock.schedule(left, look, 'holds-process');
        return;
      }
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    look();
  });
}
