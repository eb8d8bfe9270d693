/** The problem codes of authors. */
export const autProblems = {
  author_not_found: { status: 404, title: 'There is no such author' },
} as const;
