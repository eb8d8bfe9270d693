/** The problem codes of subscriptions. */
export const subProblems = {
  subscription_unknown_topic: { status: 404, title: 'There is no such topic' },
  subscription_unknown_section: { status: 404, title: 'There is no such section' },
  subscription_not_found: { status: 404, title: 'This is not followed' },
  subscription_limit_reached: { status: 409, title: 'Too many subscriptions' },
  unsubscribe_link_unknown: { status: 404, title: 'The link is not known' },
} as const;
