import type { Clock } from './clock.ts';
import { type Listener, tell } from './events.ts';

/** Whether a store answers. Says once that it does not, and once that it does again. */
export type StoreWatch = {
  readonly away: () => boolean;
  /** Whether to ask the store: always while it answers, and now and then while it does not. */
  readonly mayAsk: () => boolean;
  readonly answered: () => void;
  readonly failed: (error: unknown) => void;
};

/** While a store is away one call at a time finds out whether it is back, this often; no call waits for the rest. */
const ASK_AGAIN_MS = 500;

export function createStoreWatch(options: {
  readonly policy: string;
  readonly applies: 'fail-open' | 'fail-closed' | 'local';
  readonly clock: Clock;
  readonly on: Listener | undefined;
}): StoreWatch {
  const { policy, applies, clock, on } = options;
  let awaySince: number | undefined;
  let askAgainAt = 0;
  return {
    away: () => awaySince !== undefined,
    mayAsk() {
      if (awaySince === undefined) return true;
      const now = clock.now();
      if (now < askAgainAt) return false;
      askAgainAt = now + ASK_AGAIN_MS;
      return true;
    },
    answered() {
      if (awaySince === undefined) return;
      const awayMs = clock.now() - awaySince;
      awaySince = undefined;
      tell(on, { type: 'store-back', policy, awayMs });
    },
    failed(error) {
      const now = clock.now();
      askAgainAt = now + ASK_AGAIN_MS;
      if (awaySince !== undefined) return;
      awaySince = now;
      tell(on, { type: 'store-away', policy, applies, error });
    },
  };
}
