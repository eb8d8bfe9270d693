import { eventProblems } from '@newscience/outbox/operator-api';
import { defineProblems } from '@newscience/service-kit/problem';

/** What the API refuses, and with which status. */
export const problems = defineProblems({
  ...eventProblems,
  trace_unknown: { status: 404, title: 'Nothing is known of this trace' },
  subject_unknown: { status: 404, title: 'Nothing is known of this subject' },
  too_many_streams: { status: 503, title: 'Too many streams are open' },
});
