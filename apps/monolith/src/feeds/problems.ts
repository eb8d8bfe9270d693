/** The problem codes of feeds. */
export const feedProblems = {
  section_not_found: { status: 404, title: 'There is no such section' },
} as const;
