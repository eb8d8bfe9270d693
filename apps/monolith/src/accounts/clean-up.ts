import type { Logger } from '@newscience/service-kit/logging';
import type { Accounts } from './accounts.ts';

/** Every `intervalMs`: removes what is over and replaces a signing key that has grown old. Returns the stop. */
export function startCleanUp(
  accounts: Pick<Accounts, 'cleanUp'>,
  { intervalMs, logger }: { intervalMs: number; logger: Logger },
) {
  let running: Promise<void> | undefined;

  const timer = setInterval(() => {
    running ??= accounts
      .cleanUp()
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'clean-up of accounts failed; it is tried again');
      })
      .finally(() => {
        running = undefined;
      });
  }, intervalMs);
  timer.unref();

  return async (): Promise<void> => {
    clearInterval(timer);
    await running;
  };
}
