import type { ServiceNews } from './progress.ts';
import type { RestartPolicy } from './restart-policy.ts';
import type { SupervisedEvent } from './supervisor.ts';

/** What the console says about a service after the start; nothing about what goes as it should. */
export function newsOf(
  service: string,
  event: SupervisedEvent,
  policy: RestartPolicy,
  logFile: string,
): ServiceNews | undefined {
  switch (event.kind) {
    case 'started':
      return undefined;
    case 'crashed': {
      const { ending, restartInMs } = event;
      return {
        service,
        state: 'crashed',
        text: `ended unexpectedly (${ending.how}), is started again in ${(restartInMs / 1000).toFixed(1)} s`,
      };
    }
    case 'back':
      return {
        service,
        state: 'back',
        text: `runs again, ${(event.afterMs / 1000).toFixed(1)} s after it ended`,
      };
    case 'left_down': {
      const { ending, crashes } = event;
      const why = ending.final
        ? `ended with ${ending.how}, which a restart does not mend`
        : `ended ${crashes} times within ${policy.windowMs / 1000} s (last: ${ending.how})`;
      return {
        service,
        state: 'left_down',
        text: `${why}: it is left down and the rest goes on. Its log is ${logFile}, its last lines:`,
        lastLines: ending.lastLines,
      };
    }
  }
}
