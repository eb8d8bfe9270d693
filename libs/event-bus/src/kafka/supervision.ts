import type { Logger } from '@newscience/service-kit/logging';
import type { Consumer } from 'kafkajs';

import { retryPause } from '../retry-pause.ts';

/**
 * Starts a consumer, and a new one whenever the client has given the last one up: it restarts a consumer
 * by itself after some errors only, and reports the others as a crash.
 *
 * @param start makes, connects and runs one; rejects only for the first one are passed on
 */
export async function supervise(
  start: (crashed: (consumer: Consumer, error: unknown) => void) => Promise<void>,
  stopping: AbortSignal,
  logger: Logger,
): Promise<void> {
  const given = new WeakSet<Consumer>();
  const crashed = (consumer: Consumer, error: unknown): void => {
    if (given.has(consumer)) return;
    given.add(consumer);
    void again(error);
  };
  const again = async (error: unknown): Promise<void> => {
    logger.warn({ err: error }, 'the consumer was given up and is started again');
    for (let tries = 4; ; tries += 1) {
      await retryPause(tries, stopping);
      if (stopping.aborted) return;
      try {
        await start(crashed);
        return;
      } catch (failure) {
        logger.warn({ err: failure }, 'the consumer could not be started yet');
      }
    }
  };
  await start(crashed);
}
