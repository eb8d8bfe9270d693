/**
 * Work one after the other: many streams must not take all connections from the queries. After a failure whoever comes
 * within `pauseMs` fails at once, instead of finding out for itself, one time-out after the other.
 */
export function createTurns(pauseMs: number): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let failure: { readonly error: unknown; readonly until: number } | undefined;

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    if (failure !== undefined && performance.now() < failure.until) throw failure.error;
    try {
      const value = await work();
      failure = undefined;
      return value;
    } catch (error) {
      failure = { error, until: performance.now() + pauseMs };
      throw error;
    }
  };

  return (work) => {
    const turn = last.then(() => attempt(work));
    last = turn.catch(() => undefined);
    return turn;
  };
}
