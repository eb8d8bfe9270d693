import { setTimeout as sleep } from 'node:timers/promises';

export type EventuallyOptions = {
  /** How long to go on trying, milliseconds. Default 25000. */
  readonly withinMs?: number;
  /** Pause between two attempts, milliseconds. Default 25. */
  readonly everyMs?: number;
};

/**
 * Repeats an assertion until it no longer throws, and gives back its value. For what happens soon but not at once;
 * the limit only ends a test that would never succeed, so it is generous and asserts no speed.
 *
 * @throws the last error of the assertion, with the time that was waited, when the limit is over
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { withinMs = 25_000, everyMs = 25 } = options;
  const started = performance.now();
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() - started >= withinMs) throw stillFailing(error, withinMs);
    }
    await sleep(everyMs);
  }
}

function stillFailing(error: unknown, withinMs: number): Error {
  const cause = error instanceof Error ? error : new Error(String(error));
  cause.message = `Still so after ${withinMs} ms: ${cause.message}`;
  return cause;
}
