/** The problem codes of accounts. */
export const acctProblems = {
  account_credentials_wrong: { status: 401, title: 'Mail address or password is wrong' },
  account_password_wrong: { status: 403, title: 'The current password is wrong' },
  account_attempts_exceeded: { status: 429, title: 'Too many attempts' },
  account_not_found: { status: 404, title: 'There is no such account' },
  account_last_operator: { status: 409, title: 'The last operator stays' },
  account_busy: { status: 503, title: 'Log-in is busy' },
  csrf_refused: { status: 403, title: 'The request could have been forged' },
} as const;
