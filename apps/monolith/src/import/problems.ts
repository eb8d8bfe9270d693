/** The problem codes of imports. */
export const impProblems = {
  import_batch_too_long: { status: 400, title: 'The batch has too many lines' },
  import_batch_empty: { status: 400, title: 'The batch has no line' },
} as const;
