import type { Pool } from 'pg';
import type { Logger } from '@newscience/service-kit/logging';
import type { Secret } from '@newscience/service-kit/secret';
import type { UsrRol } from '../viewer.ts';
import type { PwdHash } from './pwd-hash.ts';
import { insUsr, usrByEml } from './usr-sql.ts';

export type Bootstrap = { eml: string; nm: string; rol: UsrRol; pwd: Secret | undefined };

/** Makes the accounts that are missing and have a password configured; those that exist stay as they are. */
export async function bootstrapAccounts(
  { pool, hashes, logger }: { pool: Pool; hashes: PwdHash; logger: Logger },
  accounts: Bootstrap[],
): Promise<void> {
  for (const { eml, nm, rol, pwd } of accounts) {
    if (pwd === undefined || (await usrByEml(pool, eml)) !== null) continue;
    const hash = await hashes.make(pwd.reveal());
    if (!hash.ok) throw new Error(hash.error.detail);
    if (await insUsr(pool, { eml, nm, pwdHsh: hash.value, rol }))
      logger.info({ email: eml }, 'account made at start');
  }
}
