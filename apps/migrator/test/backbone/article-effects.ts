import { articlePublished } from '@newscience/event-contracts/article/published';
import { articleUpdated } from '@newscience/event-contracts/article/updated';
import { articleWithdrawn } from '@newscience/event-contracts/article/withdrawn';
import type pg from 'pg';

/** The events that a consumer of articles lives on. */
export const articleTypes = [
  articlePublished.type,
  articleUpdated.type,
  articleWithdrawn.type,
] as const;

export type ArticleEvent = {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly id: string; readonly revision: number };
};

/**
 * What the drill's and the benchmark's consumer does for an event: the article as it is now, and a line in the
 * list of effects. Nothing here tells a repetition from a first time: that is the inbox's part.
 */
export async function haveEffect(client: pg.ClientBase, event: ArticleEvent): Promise<void> {
  const { id, revision } = event.data;
  await client.query(
    `WITH kept AS (
       INSERT INTO article (id, revision, shown, content) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET revision = $2, shown = $3, content = $4
     )
     INSERT INTO effect (event_id, article, revision) VALUES ($5, $1, $2)`,
    [id, revision, event.type !== articleWithdrawn.type, JSON.stringify(event.data), event.id],
  );
}
