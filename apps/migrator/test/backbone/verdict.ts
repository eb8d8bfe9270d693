import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { EventBus } from '@newscience/event-bus/bus';
import { articleContent } from '@newscience/event-contracts/article/content';
import type pg from 'pg';
import { z } from 'zod';

import { type LegacyArticle, legacyArticles } from './legacy-article.ts';

type Db = Pick<pg.Pool, 'query'>;

/** Something that is not as it should be, how often, and the first few of it. */
export type Finding = { readonly count: number; readonly examples: string };

const finding = (texts: readonly string[]): Finding => ({
  count: texts.length,
  examples: texts.slice(0, 5).join('; '),
});

const known = z.object({ id: z.string(), shown: z.boolean(), content: articleContent });

/** Articles of which the consumer knows something else than the legacy database. */
export async function differences(legacy: Db, consumer: Db): Promise<Finding> {
  const wanted = new Map((await legacyArticles(legacy)).map((article) => [article.id, article]));
  const { rows } = await consumer.query<Record<string, unknown>>(
    'SELECT id, shown, content FROM article',
  );
  const found = new Map(rows.map((row) => known.parse(row)).map((row) => [row.id, row]));
  const texts: string[] = [];
  for (const [id, article] of wanted) {
    const there = found.get(id);
    if (there === undefined) texts.push(`${id} is missing`);
    else if (!same(article, there))
      texts.push(
        `${id} is at revision ${there.content.revision} instead of ${article.revision}${there.content.revision === article.revision ? ' with other content' : ''}`,
      );
  }
  for (const id of found.keys())
    if (!wanted.has(id)) texts.push(`${id} was never published, and is there`);
  return finding(texts);
}

function same(article: LegacyArticle, { shown, content }: z.output<typeof known>): boolean {
  const { title, kicker, summary, body, topics, authors, revision } = content;
  return (
    shown === (article.status === 'P') &&
    isDeepStrictEqual(
      { title, kicker, summary, body, topics, authors, revision, section: content.section.code },
      {
        ...{ title: article.title, kicker: article.kicker, summary: article.summary },
        ...{ body: article.body, topics: article.topics, authors: article.authors },
        ...{ revision: article.revision, section: article.section },
      },
    )
  );
}

export type Effects = {
  readonly count: number;
  /** Events with more than one effect. */
  readonly repeated: Finding;
  /** Effects that came after one of a later revision of the same article. */
  readonly outOfOrder: Finding;
  readonly names: ReadonlySet<string>;
  readonly eventIds: ReadonlySet<string>;
};

export async function effects(consumer: Db): Promise<Effects> {
  const { rows } = await consumer.query<{ event_id: string; article: string; revision: number }>(
    'SELECT event_id, article, revision FROM effect ORDER BY n',
  );
  const times = new Map<string, number>();
  const highest = new Map<string, number>();
  const backwards: string[] = [];
  for (const { event_id, article, revision } of rows) {
    const before = highest.get(article) ?? 0;
    const again = times.get(event_id) ?? 0;
    times.set(event_id, again + 1);
    // A repetition is out of place as well, but that is not what went wrong with it.
    if (again === 0 && revision <= before)
      backwards.push(`${article}: ${revision} after ${before}`);
    highest.set(article, Math.max(before, revision));
  }
  const repeated = [...times].filter(([, count]) => count > 1);
  return {
    count: rows.length,
    repeated: finding(repeated.map(([id, count]) => `${id} ${count} times`)),
    outOfOrder: finding(backwards),
    names: new Set(rows.map(({ article, revision }) => `${article}/${revision}`)),
    eventIds: new Set(times.keys()),
  };
}

/** Confirmed changes that no effect tells of. */
export const lost = (confirmed: ReadonlySet<string>, { names }: Effects): Finding =>
  finding([...confirmed].filter((name) => !names.has(name)));

export type OnTheBus = {
  /** Different events. */
  readonly ids: ReadonlySet<string>;
  readonly deliveries: number;
};

/** Everything that the bus has of articles, read by a group of its own. */
export async function onTheBus(bus: EventBus): Promise<OnTheBus> {
  const group = `audit-${randomUUID()}`;
  const ids = new Set<string>();
  let deliveries = 0;
  const subscription = await bus.subscribe({
    ...{ group, topics: ['newscience.article'], from: 'earliest', maxBatch: 500 },
    handle: (batch) => {
      for (const { event } of batch) ids.add(event.id);
      deliveries += batch.length;
      return Promise.resolve();
    },
  });
  await caughtUp(bus, group, 120_000);
  await subscription.stop();
  return { ids, deliveries };
}

/** @throws Error where the group has not read everything in time */
export async function caughtUp(bus: EventBus, group: string, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const lag = await bus.lag(group).catch(() => []);
    const behind = lag.reduce((sum, one) => sum + one.behind, 0n);
    if (lag.length > 0 && behind === 0n) return;
    if (performance.now() > deadline)
      throw new Error(`The group ${group} is still ${behind} events behind.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Events that are on the bus and have had no effect. */
export const withoutEffect = ({ ids }: OnTheBus, { eventIds }: Effects): Finding =>
  finding([...ids].filter((id) => !eventIds.has(id)));

/** Rows that nobody has dealt with yet, by table. */
export async function leftOver(consumer: Db, outbox: Db): Promise<Finding> {
  const count = async (db: Db, table: string): Promise<string[]> => {
    const { rows } = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
    const n = rows[0]?.n ?? 0;
    return n === 0 ? [] : [`${n} in ${table}`];
  };
  const texts = [
    ...(await count(consumer, 'inbox_waiting')),
    ...(await count(consumer, 'inbox_dead_letter')),
    ...(await count(outbox, 'outbox')),
  ];
  return finding(texts);
}
