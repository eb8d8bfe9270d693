import { messageOf } from '@newscience/service-kit/error-text';
import { request } from 'undici';

/** Whether something answers at an origin: `undefined` where it does, else why not, in words. */
export type TargetProbe = (origin: string) => Promise<string | undefined>;

/**
 * Asks for the target's liveness. Any HTTP answer will do, because a target need not be one of our
 * services. Redirects are not followed: the probe goes where the route would go, and nowhere else.
 */
export function createTargetProbe({ timeoutMs = 2000 }: { timeoutMs?: number } = {}): TargetProbe {
  return async (origin) => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const { body } = await request(`${origin}/health/live`, { signal });
      await body.dump();
      return undefined;
    } catch (error) {
      return signal.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error);
    }
  };
}
