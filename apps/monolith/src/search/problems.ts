/** The problem codes of search. */
export const srchProblems = {
  search_batch_running: { status: 409, title: 'The search batch is running already' },
  search_run_not_found: { status: 404, title: 'There is no such run' },
} as const;
