import type { Pool } from 'pg';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { AcctErr } from './acct-int.ts';
import { addressGroup } from './att-limit.ts';
import type { AttLimit } from './att-limit.ts';
import type { PwdHash } from './pwd-hash.ts';
import type { Secrets } from './secrets.ts';
import { emlKey, rehashUsr, usrByEml } from './usr-sql.ts';
import type { UsrRow } from './usr-sql.ts';

export type AttemptLimits = {
  perAccount: number;
  perAddress: number;
  registrationsPerAddress: number;
};
export type LogInDeps = {
  pool: Pool;
  hashes: PwdHash;
  attempts: AttLimit;
  secrets: Secrets;
  limits: AttemptLimits;
};
export type LogIn = ReturnType<typeof createLogIn>;

const tooMany = (seconds: number) =>
  err<AcctErr>({
    code: 'account_attempts_exceeded',
    detail: `Too many attempts. Try again in ${seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`}.`,
    retryable: true,
    retryAfterSeconds: seconds,
  });

/**
 * Proving a password, with the limits on how often that may be tried. An account that does not exist gets
 * the same answer after the same work, and has the same limit.
 */
export function createLogIn({ pool, hashes, attempts, secrets, limits }: LogInDeps) {
  async function prove(
    usr: UsrRow | null,
    eml: string,
    pwd: string,
    address: string,
    wrong: AcctErr,
  ): Promise<Result<UsrRow, AcctErr>> {
    const account = secrets.attemptKey('account', emlKey(eml));
    const taken = await attempts.take([
      { key: account, max: limits.perAccount },
      { key: secrets.attemptKey('address', addressGroup(address)), max: limits.perAddress },
    ]);
    if (!taken.ok) return tooMany(taken.error);

    const stored = usr?.pwdHsh ?? null;
    const same = await hashes.matches(stored, pwd);
    if (!same.ok) {
      await attempts.forget(taken.value, null);
      return same;
    }
    if (!same.value || usr === null || stored === null || usr.sts !== 'A') return err(wrong);

    // Only this attempt of the address: whoever has one account may not try another's without end.
    await attempts.forget(taken.value, account);
    if (!hashes.outdated(stored)) return ok(usr);
    const anew = await hashes.make(pwd);
    if (!anew.ok) return ok(usr);
    await rehashUsr(pool, usr, anew.value);
    return ok({ ...usr, pwdHsh: anew.value });
  }

  return {
    /** The account that the mail address and the password belong to. */
    async byEml(eml: string, pwd: string, address: string): Promise<Result<UsrRow, AcctErr>> {
      const wrong: AcctErr = {
        code: 'account_credentials_wrong',
        detail: 'The mail address or the password is wrong.',
      };
      return prove(await usrByEml(pool, eml), eml, pwd, address, wrong);
    },

    /** Asks somebody who is logged in for the password again. */
    async again(usr: UsrRow, pwd: string, address: string): Promise<Result<UsrRow, AcctErr>> {
      const wrong: AcctErr = {
        code: 'account_password_wrong',
        detail: 'The current password is wrong.',
      };
      return prove(usr, usr.eml, pwd, address, wrong);
    },

    /** Counts a registration from this address. */
    async admitRegistration(address: string): Promise<Result<null, AcctErr>> {
      const key = secrets.attemptKey('registration', addressGroup(address));
      const taken = await attempts.take([{ key, max: limits.registrationsPerAddress }]);
      return taken.ok ? ok(null) : tooMany(taken.error);
    },
  };
}
