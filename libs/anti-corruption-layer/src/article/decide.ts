import { articleContent, type ArticleContent } from '@newscience/event-contracts/article/content';
import { articlePublished } from '@newscience/event-contracts/article/published';
import { articleUpdated } from '@newscience/event-contracts/article/updated';
import { articleWithdrawn } from '@newscience/event-contracts/article/withdrawn';

import { fingerprintOf } from '../fingerprint.ts';
import type { Decided, Decision, Published } from '../published.ts';
import type { ArticleState } from './translate.ts';

/**
 * Which events follow from what was told last and what the legacy database says now.
 *
 * Revisions of events only grow, since consumers drop what does not. Where a row was changed past the application,
 * without a revision of its own, or deleted and made anew, the events' revision runs ahead of the row's from then on
 * (`Published.ahead`).
 *
 * @param state null where the row is gone
 * @param at when the legacy transaction committed; null for what a snapshot found
 */
export function decideArticle(
  before: Published | null,
  state: ArticleState | null,
  at: string | null,
): Decision {
  if (state?.status === 'published') return decideReadable(before, state.content, at);
  if (before?.status !== 'published') return { events: [], published: before };
  return decideWithdrawal(before, state, at);
}

function decideReadable(
  before: Published | null,
  content: ArticleContent,
  at: string | null,
): Decision {
  const fingerprint = fingerprintOf(content);
  const wasReadable = before?.status === 'published';
  if (wasReadable && before.fingerprint === fingerprint) return { events: [], published: before };
  const { revision, ahead } = nextRevision(before, content.revision);
  const data = { ...content, revision };
  const { type } = wasReadable ? articleUpdated : articlePublished;
  return {
    events: [eventOf(type, data, at)],
    published: { status: 'published', revision, ahead, fingerprint, data },
  };
}

function decideWithdrawal(
  before: Published,
  state: Exclude<ArticleState, { status: 'published' }> | null,
  at: string | null,
): Decision {
  // What consumers know is what is taken back.
  const known = articleContent.parse(before.data);
  const content = state?.status === 'withdrawn' ? state.content : known;
  const own = state?.status === 'unpublished' ? state.revision : content.revision;
  const updatedAt = state?.status === 'unpublished' ? state.updatedAt : content.updatedAt;
  const { revision, ahead } = nextRevision(before, state === null ? 0 : own);
  const withdrawnAt = (state?.status === 'withdrawn' ? state.withdrawnAt : null) ?? at ?? updatedAt;
  const data = { ...content, revision, updatedAt, withdrawnAt };
  return {
    events: [eventOf(articleWithdrawn.type, data, at)],
    published: { status: 'withdrawn', revision, ahead, fingerprint: '', data: null },
  };
}

/** The row's revision where it has grown; else one more than the last. */
function nextRevision(before: Published | null, own: number) {
  const ahead = before?.ahead ?? 0;
  const revision = Math.max(own + ahead, (before?.revision ?? 0) + 1);
  return { revision, ahead: revision - own };
}

const eventOf = (type: string, data: ArticleContent, at: string | null): Decided => ({
  type,
  id: `${data.id}/${data.revision}`,
  subject: data.id,
  time: at ?? data.updatedAt,
  data,
});
