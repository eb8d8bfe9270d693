import type pg from 'pg';

/** A store that does not answer must be known to be away before its callers lose patience. */
const ANSWER_WITHIN_MS = 1000;

/** A query that ends in time, whatever becomes of the connection. It may have had its effect when it rejects. */
export async function queryWithin<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[],
): Promise<pg.QueryResult<R>> {
  const query = { text, values: [...values], query_timeout: ANSWER_WITHIN_MS };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    // Waiting for a connection takes time too.
    timer = setTimeout(
      () => reject(new Error(`The database did not answer within ${ANSWER_WITHIN_MS} ms.`)),
      ANSWER_WITHIN_MS,
    );
  });
  const answer = pool.query<R>(query);
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
