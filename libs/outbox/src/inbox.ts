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
  client: Queryable,
  { consumer, source, eventId }: DeliveryKey,
  effect: () => Promise<void>,
): Promise<'handled' | 'repeated'> {
  const { rowCount } = await client.query(enter, [consumer, source, eventId]);
  if (rowCount === 0) return 'repeated';
  await effect();
  return 'handled';
}

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
