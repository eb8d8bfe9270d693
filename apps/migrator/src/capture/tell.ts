import { createHash } from 'node:crypto';

import { decideArticle } from '@newscience/anti-corruption-layer/article/decide';
import { translateArticle } from '@newscience/anti-corruption-layer/article/translate';
import { decideComment } from '@newscience/anti-corruption-layer/comment/decide';
import { translateComment } from '@newscience/anti-corruption-layer/comment/translate';
import type { Decided, Decision, Published } from '@newscience/anti-corruption-layer/published';
import type { Rejection, Translated } from '@newscience/anti-corruption-layer/rejection';
import { decideUser } from '@newscience/anti-corruption-layer/user/decide';
import { translateUser } from '@newscience/anti-corruption-layer/user/translate';
import { MAX_EVENT_BYTES } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { parseEvent } from '@newscience/event-contracts/registry';
import type pg from 'pg';

import {
  type Kind,
  loadArticles,
  loadComments,
  loadPublished,
  loadUsers,
  type PublishedAggregate,
  type RejectedAggregate,
  savePublished,
  saveRejected,
  splitBySize,
} from '../store/aggregates.ts';

export const SOURCE = 'urn:newscience:legacy';

/** What made the aggregates what they are now. */
export type Occasion = {
  /** When the legacy transaction committed; null for what a snapshot found. */
  readonly at: string | null;
  /** Ties the events of one legacy transaction together. */
  readonly traceparent: string;
};

/** The same for the same legacy transaction, whenever it is looked at. */
export function occasionOf(systemId: string, position: string, at: string | null): Occasion {
  const hash = createHash('sha256').update(`${systemId} ${position}`).digest('hex');
  return { at, traceparent: `00-${hash.slice(0, 32)}-${hash.slice(32, 48)}-01` };
}

/** An aggregate as the legacy database has it now, read or not readable. */
type Candidate = {
  readonly key: string;
  readonly subject: string | null;
  /** What was told of it is not needed to decide. */
  readonly withoutData: boolean;
  readonly decide: (before: Published | null, at: string | null) => Translated<Decision>;
};

const forGone: Readonly<Record<Kind, (before: Published | null, at: string | null) => Decision>> = {
  article: (before, at) => decideArticle(before, null, at),
  comment: (before, at) => decideComment(before, null, at),
  user: (before, at) => decideUser(before, null, at),
};

/**
 * Decides what has to be told of these aggregates, and remembers it, in the transaction that is open on `client`;
 * `give` gets the events, some at a time, and has to put them into the same transaction.
 */
export async function tell(
  client: pg.Client,
  epoch: number,
  kind: Kind,
  keys: readonly string[],
  occasion: Occasion,
  give: (events: readonly CloudEvent[]) => Promise<void>,
): Promise<void> {
  for (const some of await splitBySize(client, epoch, kind, keys))
    await give(await decideSome(client, epoch, kind, some, occasion));
}

async function decideSome(
  client: pg.Client,
  epoch: number,
  kind: Kind,
  keys: readonly string[],
  occasion: Occasion,
): Promise<readonly CloudEvent[]> {
  const candidates = await loadCandidates(client, epoch, kind, keys);
  const subjects = candidates.flatMap(({ subject }) => subject ?? []);
  const before = await loadPublished(client, kind, {
    keys,
    subjects,
    withoutData: candidates.flatMap((one) => (one.withoutData ? (one.subject ?? []) : [])),
  });
  const known = new Map(before.map((one) => [one.subject, one]));
  const told: PublishedAggregate[] = [];
  const forgotten: string[] = [];
  const moved: { subject: string; key: string }[] = [];
  const refused: RejectedAggregate[] = [];
  const events: CloudEvent[] = [];

  const settle = (subject: string, key: string, decision: Decision): Rejection | null => {
    const made = decision.events.map((event) => eventOf(event, occasion));
    const rejection = made.map(refusalOf).find((one) => one !== null);
    if (rejection !== undefined) return rejection;
    events.push(...made);
    if (decision.published === null) forgotten.push(subject);
    else if (made.length > 0) told.push({ ...decision.published, subject, legacyKey: key });
    else if (known.get(subject)?.legacyKey !== key) moved.push({ subject, key });
    return null;
  };

  for (const { key, subject, decide } of candidates) {
    const decision = decide(known.get(subject ?? '') ?? null, occasion.at);
    const rejection = decision.ok ? settle(subject ?? '', key, decision.value) : decision.error;
    if (rejection !== null) refused.push({ key, subject, rejection });
  }
  const live = new Set(subjects);
  for (const gone of before)
    if (!live.has(gone.subject)) {
      const rejection = settle(gone.subject, gone.legacyKey, forGone[kind](gone, occasion.at));
      if (rejection !== null)
        refused.push({ key: gone.legacyKey, subject: gone.subject, rejection });
    }

  await savePublished(client, kind, { told, forgotten, moved });
  const bad = new Set(refused.map(({ key }) => key));
  await saveRejected(
    client,
    kind,
    refused,
    keys.filter((key) => !bad.has(key)),
  );
  return events;
}

async function loadCandidates(
  client: pg.Client,
  epoch: number,
  kind: Kind,
  keys: readonly string[],
): Promise<Candidate[]> {
  switch (kind) {
    case 'article':
      return (await loadArticles(client, epoch, keys)).map(({ key, subject, ...rows }) => ({
        key,
        subject,
        withoutData: rows.art['sts'] === 'P',
        decide: decideWith(translateArticle(rows), decideArticle),
      }));
    case 'comment':
      return (await loadComments(client, epoch, keys)).map(({ key, subject, ...rows }) => ({
        key,
        subject,
        withoutData: false,
        decide: decideWith(translateComment(rows), decideComment),
      }));
    case 'user':
      return (await loadUsers(client, epoch, keys)).map(({ key, subject, usr }) => ({
        key,
        subject,
        withoutData: false,
        decide: decideWith(translateUser(usr), decideUser),
      }));
  }
}

const decideWith =
  <S>(
    state: Translated<S>,
    decide: (before: Published | null, state: S, at: string | null) => Decision,
  ): Candidate['decide'] =>
  (before, at) =>
    state.ok ? { ok: true, value: decide(before, state.value, at) } : state;

const eventOf = (
  { type, id, subject, time, data }: Decided,
  { traceparent }: Occasion,
): CloudEvent => ({
  specversion: '1.0',
  id,
  source: SOURCE,
  type,
  subject,
  time,
  datacontenttype: 'application/json',
  traceparent,
  data,
});

/** A row that would break its contract is listed, and holds up nobody else. */
function refusalOf(event: CloudEvent): Rejection | null {
  const parsed = parseEvent(event);
  if (!parsed.ok)
    return {
      code: 'event_refused',
      detail: `${event.type} of ${event.subject} would break its contract.`,
      faults: parsed.error.faults.map(({ pointer, problem }) => ({ column: pointer, problem })),
    };
  const bytes = Buffer.byteLength(JSON.stringify(event));
  if (bytes <= MAX_EVENT_BYTES) return null;
  const detail = `${event.type} of ${event.subject} would have ${bytes} bytes; ${MAX_EVENT_BYTES} are allowed.`;
  return { code: 'event_refused', detail, faults: [] };
}
