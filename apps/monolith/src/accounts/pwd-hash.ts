import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { AcctErr } from './acct-int.ts';
import { createSlots } from './slots.ts';

export type HashSettings = {
  /** KiB of memory for one hash. */
  memoryCost: number;
  /** Passes over the memory. */
  timeCost: number;
  parallelism: number;
  /** Hashes at once in this process; each takes `memoryCost` and a thread of the pool. */
  running: number;
  /** Log-ins that may wait for their turn; more are told to come again. */
  waiting: number;
};

/** The least that OWASP asks of argon2id (19 MiB, 2 passes). Measured: 20 ms a hash, median on one core. */
export const hashSettings: HashSettings = {
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  running: 2,
  waiting: 64,
};

/** One form for one password, however the keyboard composed it. */
function normalised(pwd: string): string {
  return pwd.normalize('NFKC');
}

export type PwdHash = ReturnType<typeof createPwdHash>;

/** Argon2id with its parameters in the PHC string, and a bound on how many are made at once. */
export function createPwdHash(settings: HashSettings = hashSettings) {
  const { memoryCost, timeCost, parallelism } = settings;
  const slots = createSlots(settings.running, settings.waiting);
  const options = { memoryCost, timeCost, parallelism };
  const prefix = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`;
  // Somebody unknown is checked against this, so that the answer takes the same work as for anybody else.
  let nobody: Promise<string> | undefined;

  const busy = err<AcctErr>({
    code: 'account_busy',
    detail: 'Too many people are logging in at this moment. Try again in a few seconds.',
    retryable: true,
    retryAfterSeconds: 5,
  });

  return {
    async make(pwd: string): Promise<Result<string, AcctErr>> {
      const made = await slots.run(() => hash(normalised(pwd), options));
      return made === null ? busy : ok(made);
    },

    /** Whether the password belongs to the stored hash; null (nobody, or no password set) takes as long and is false. */
    async matches(stored: string | null, pwd: string): Promise<Result<boolean, AcctErr>> {
      const same = await slots.run(async () => {
        nobody ??= hash(randomBytes(32), options);
        const found = await verify(stored ?? (await nobody), normalised(pwd));
        return found && stored !== null;
      });
      return same === null ? busy : ok(same);
    },

    /** Whether the hash was made with other parameters than today's. */
    outdated(stored: string): boolean {
      return !stored.startsWith(prefix);
    },
  };
}
