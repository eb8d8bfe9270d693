import type { TopicPolicy } from '@newscience/event-contracts/topics';
import type { Logger } from '@newscience/service-kit/logging';

import { BusError, type EventBus } from './bus.ts';
import { retryPause } from './retry-pause.ts';

export type Declaring = {
  /** Whether the topics are there. */
  readonly isDone: () => boolean;
  /** What the last try failed with, until one succeeds. */
  readonly failure: () => unknown;
  /** Ends the tries. */
  readonly stop: () => Promise<void>;
};

/**
 * Declares topics for a service that starts whether or not the bus is there: tries until it has worked, with pauses
 * of up to 5 s. Gives up, with an error in the log, where the bus says that another try would end the same way.
 */
export function declareInBackground(
  bus: Pick<EventBus, 'declareTopics'>,
  topics: readonly TopicPolicy[],
  logger: Logger,
): Declaring {
  const stopping = new AbortController();
  let done = false;
  let failure: unknown;

  const run = async (): Promise<void> => {
    for (let tries = 1; !stopping.signal.aborted; tries += 1) {
      try {
        await bus.declareTopics(topics);
        failure = undefined;
        done = true;
        return;
      } catch (error) {
        failure = error;
        if (error instanceof BusError && !error.retryable) {
          logger.error({ err: error }, 'the topics cannot be declared');
          return;
        }
        // A long outage is one line, not thousands.
        logger[tries === 1 ? 'warn' : 'debug']({ err: error }, 'the topics are not declared yet');
        await retryPause(tries, stopping.signal);
      }
    }
  };
  const running = run();

  return {
    isDone: () => done,
    failure: () => failure,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
