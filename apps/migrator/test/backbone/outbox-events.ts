import { articlePublished } from '@newscience/event-contracts/article/published';
import { articleUpdated } from '@newscience/event-contracts/article/updated';
import { articleWithdrawn } from '@newscience/event-contracts/article/withdrawn';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { append } from '@newscience/outbox/outbox';
import type pg from 'pg';

import { legacyArticles } from './legacy-article.ts';
import { changeName, type Written } from './legacy-changes.ts';

const contracts = {
  Published: articlePublished,
  Updated: articleUpdated,
  Withdrawn: articleWithdrawn,
} as const;

/** Tells of what was written through an outbox in the same transaction, as a service does that owns its articles. */
export async function appendEvents(
  client: pg.ClientBase,
  written: readonly Written[],
): Promise<void> {
  const articles = new Map(
    (
      await legacyArticles(
        client,
        written.map(({ ref }) => ref),
      )
    ).map((article) => [article.id, article]),
  );
  const events = written.flatMap((one): CloudEvent[] => {
    const article = articles.get(one.ref);
    if (one.told === undefined || article === undefined) return [];
    const { example, type } = contracts[one.told];
    const { section, status, ...content } = article;
    return [
      {
        ...example,
        ...{ type, id: changeName(one), subject: one.ref, source: 'urn:newscience:drill' },
        data: {
          ...articleWithdrawn.example.data,
          ...content,
          section: { code: section, name: `${section} (${status})` },
        },
      },
    ];
  });
  await append(client, events);
}
