import type { CloudEvent } from '@newscience/event-contracts/envelope';
import type pg from 'pg';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** Who has handled what. `source` and `eventId` together name an event; for other messages any two texts will do. */
export type DeliveryKey = {
  readonly consumer: string;
  readonly source: string;
  readonly eventId: string;
};

export const deliveryKeyOf = (
  consumer: string,
  event: Pick<CloudEvent, 'id' | 'source'>,
): DeliveryKey => ({ consumer, source: event.source, eventId: event.id });

const enter =
  'INSERT INTO inbox (consumer, source, event_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';

/**
 * Runs the effect unless this delivery was handled before. The entry and the effect are in the transaction that is
 * open on `client`, so both are there or neither; the effect must do all it does through that client.
 * Of two at the same time the second waits for the first to commit or roll back.
 */
export async function handleOnce(
  client: pg.ClientBase,
  { consumer, source, eventId }: DeliveryKey,
  effect: () => Promise<void>,
): Promise<'handled' | 'repeated'> {
  const { rowCount } = await client.query(enter, [consumer, source, eventId]);
  if (rowCount === 0) return 'repeated';
  await effect();
  return 'handled';
}

const enterMany = `
INSERT INTO inbox (consumer, source, event_id)
SELECT $1, source, event_id FROM unnest($2::text[], $3::text[]) AS given (source, event_id)
ON CONFLICT DO NOTHING RETURNING source, event_id AS id`;

/**
 * Enters many events at once and tells which of them are new, under their names. What `handleOnce` does, without a
 * round trip for each; the effects of the new ones have to follow in the same transaction.
 */
export async function enterAll(
  client: Queryable,
  consumer: string,
  events: readonly CloudEvent[],
): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const { rows } = await client.query<{ source: string; id: string }>(enterMany, [
    consumer,
    events.map(({ source }) => source),
    events.map(({ id }) => id),
  ]);
  return new Set(rows.map(eventName));
}

/** One text for the two that name an event. */
export const eventName = ({ source, id }: Pick<CloudEvent, 'source' | 'id'>): string =>
  JSON.stringify([source, id]);

const cleanSome = `
WITH old AS (
  SELECT consumer, source, event_id FROM inbox
  WHERE handled_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
  ORDER BY handled_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM inbox USING old
WHERE inbox.consumer = old.consumer AND inbox.source = old.source AND inbox.event_id = old.event_id`;

/**
 * Removes entries that are older than `keepMs`, a few thousand a transaction, and tells how many. From then on a
 * repetition of such an event would have its effect again.
 */
export async function cleanInbox(pool: Queryable, keepMs: number): Promise<number> {
  const most = 5000;
  for (let removed = 0; ;) {
    const { rowCount } = await pool.query(cleanSome, [keepMs, most]);
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < most) return removed;
  }
}
