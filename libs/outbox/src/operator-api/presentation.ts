import type {
  DeadLetter,
  DeadLetterAction,
  DeadLetterSummary,
  WholeDeadLetterAction,
} from '../dead-letters.ts';

export const deadLetterJson = (letter: DeadLetterSummary) => ({
  ...letter,
  firstFailedAt: letter.firstFailedAt.toISOString(),
  lastFailedAt: letter.lastFailedAt.toISOString(),
});

export const wholeDeadLetterJson = (letter: DeadLetter) => ({
  ...deadLetterJson(letter),
  event: letter.event,
});

function occasionJson({ id, at, action, actor, why }: Omit<DeadLetterAction, 'deadLetter'>) {
  return { id, at: at.toISOString(), action, by: actor, why };
}

export const deedJson = (deed: DeadLetterAction) => ({
  ...occasionJson(deed),
  deadLetter: deed.deadLetter,
});

export const wholeDeedJson = (deed: WholeDeadLetterAction) => ({
  ...occasionJson(deed),
  deadLetter: deed.deadLetter,
});
