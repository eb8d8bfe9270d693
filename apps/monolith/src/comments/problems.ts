/** The problem codes of comments. */
export const cmtProblems = {
  comment_not_found: { status: 404, title: 'There is no such comment' },
  comment_reply_too_deep: { status: 409, title: 'Replies are not answered' },
  comment_rate_exceeded: { status: 429, title: 'Too many comments at once' },
  comment_own_report: { status: 409, title: 'The comment is your own' },
  comment_already_reported: { status: 409, title: 'Reported already' },
  comment_not_own: { status: 403, title: 'The comment is not your own' },
} as const;
