import { defineProblems } from '@newscience/service-kit/problem';

export const problems = defineProblems({
  snapshot_running: { status: 409, title: 'A snapshot is being taken already' },
});
