import { randomUUID } from 'node:crypto';
import { articlePublished } from '@newscience/event-contracts/article/published';
import { commentDeleted } from '@newscience/event-contracts/comment/deleted';
import { commentPosted } from '@newscience/event-contracts/comment/posted';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { routeStageChanged } from '@newscience/event-contracts/route/stage-changed';
import { userRegistered } from '@newscience/event-contracts/user/registered';
import { userRemoved } from '@newscience/event-contracts/user/removed';

export type Account = { readonly id: string; readonly name: string };
export type Comment = { readonly id: string; readonly articleId: string };

export const account = (name: string): Account => ({ id: randomUUID(), name });
export const comment = (articleId = 'an-article'): Comment => ({ id: randomUUID(), articleId });

const made = <E extends CloudEvent>(event: E, subject: string, what: string): E => ({
  ...event,
  subject,
  id: `${subject}/${what}`,
});

export function published(id: string, revision = 1, body = 'A body.') {
  const { example } = articlePublished;
  const data = { ...example.data, id, revision, title: `About ${id}`, body };
  return made({ ...example, data }, id, String(revision));
}

export function posted({ id, articleId }: Comment, author: Account | null, text = 'Is that so?') {
  const { example } = commentPosted;
  return made({ ...example, data: { ...example.data, id, articleId, author, text } }, id, 'posted');
}

export function deleted({ id, articleId }: Comment) {
  const { example } = commentDeleted;
  return made({ ...example, data: { ...example.data, id, articleId } }, id, 'deleted');
}

export function registered({ id, name }: Account) {
  const { example } = userRegistered;
  return made({ ...example, data: { ...example.data, id, name } }, id, 'registered');
}

export const removed = ({ id }: Account) =>
  made({ ...userRemoved.example, data: { id } }, id, 'removed');

export function stageChanged(routeId: string, by: Account, revision = 1) {
  const { example } = routeStageChanged;
  const data = { ...example.data, routeId, by, revision };
  return made({ ...example, data }, routeId, String(revision));
}

/** The event as part of a trace. */
export const traced = <E extends CloudEvent>(event: E, traceId: string): E => ({
  ...event,
  traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
});
