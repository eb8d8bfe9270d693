import { commentContent, type CommentContent } from '@newscience/event-contracts/comment/content';
import { commentDeleted } from '@newscience/event-contracts/comment/deleted';
import { commentHidden } from '@newscience/event-contracts/comment/hidden';
import { commentPosted } from '@newscience/event-contracts/comment/posted';
import { commentRestored } from '@newscience/event-contracts/comment/restored';
import { commentUpdated } from '@newscience/event-contracts/comment/updated';

import { fingerprintOf } from '../fingerprint.ts';
import type { Decided, Decision, Published } from '../published.ts';
import type { CommentState } from './translate.ts';

/** Enough to say that it is gone; neither text nor name is remembered. */
const remembered = commentContent.omit({ text: true, author: true });

/**
 * Which events follow from what was told last and what the legacy database says now.
 *
 * @param state null where the row is gone
 * @param at when the legacy transaction committed; null for what a snapshot found
 */
export function decideComment(
  before: Published | null,
  state: CommentState | null,
  at: string | null,
): Decision {
  if (state === null || state.status === 'erased') return decideDeletion(before, at);
  const { status, content } = state;
  const fingerprint = fingerprintOf(content);
  const changed = before?.fingerprint !== fingerprint;
  const told: { type: string; what: string }[] = [];
  if (before === null) told.push({ type: commentPosted.type, what: 'posted' });
  if (status === 'hidden' && (before?.status !== 'hidden' || changed))
    // Also when a hidden one has changed: an update would show it again to who keeps the latest event only.
    told.push({ type: commentHidden.type, what: 'hidden' });
  if (before !== null && status === 'visible') {
    if (before.status === 'hidden') told.push({ type: commentRestored.type, what: 'restored' });
    else if (changed) told.push({ type: commentUpdated.type, what: 'updated' });
  }
  if (told.length === 0) return { events: [], published: before };
  const first = (before?.revision ?? 0) + 1;
  return {
    events: told.map(({ type, what }, index) =>
      eventOf(type, `${content.id}/${numbered(what, first + index)}`, content, at),
    ),
    published: {
      status,
      revision: first + told.length - 1,
      ahead: 0,
      fingerprint,
      data: remembered.parse(content),
    },
  };
}

function decideDeletion(before: Published | null, at: string | null): Decision {
  if (before === null) return { events: [], published: null };
  const known = remembered.parse(before.data);
  const event = {
    type: commentDeleted.type,
    id: `${known.id}/deleted`,
    subject: known.id,
    time: at ?? known.postedAt,
    data: known,
  };
  return { events: [event], published: null };
}

/** The first event of a comment is its posting; what can happen again is numbered. */
const numbered = (what: string, revision: number): string =>
  what === 'posted' ? what : `${what}-${revision}`;

const eventOf = (type: string, id: string, data: CommentContent, at: string | null): Decided => ({
  type,
  id,
  subject: data.id,
  time: at ?? data.postedAt,
  data,
});
