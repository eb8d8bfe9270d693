import { err, ok, type Result } from '@newscience/service-kit/result';
import type pg from 'pg';

/** They leave nothing to go on with: the whole transaction has to be run again. */
const transactionLost = new Set(['40001', '40P01']);

const codeIn = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;

/**
 * Runs work that may fail within a transaction that goes on either way: what failed work has done is undone, also
 * where only the check of a deferred constraint shows the failure.
 *
 * @throws Error where it was not the work that failed: the connection is gone, or the transaction has to be
 *   run again because of another one
 */
export async function attempt<T>(
  client: Pick<pg.ClientBase, 'query'>,
  work: () => Promise<T>,
): Promise<Result<T, unknown>> {
  await client.query('SAVEPOINT attempt');
  try {
    const value = await work();
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await client.query('RELEASE SAVEPOINT attempt');
    return ok(value);
  } catch (error) {
    if (transactionLost.has(String(codeIn(error)))) throw error;
    // On a lost connection this throws, and nobody counts an attempt.
    await client.query('ROLLBACK TO SAVEPOINT attempt');
    return err(error);
  }
}
