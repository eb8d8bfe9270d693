import { setTimeout as sleep } from 'node:timers/promises';

import { createLogger } from '@newscience/service-kit/logging';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { type SeededRandom, seededRandom } from '@newscience/testing/seeded-random';
import type pg from 'pg';

import { changeName, changeOf, ensureSections, type Written } from './legacy-changes.ts';

export type WriterOptions = {
  readonly databaseUrl: string;
  readonly seed: number;
  /** How many articles there are in the end. */
  readonly articles: number;
  /** Changes in a second, over all writers. */
  readonly perSecond: number;
  /** Called in each transaction before it commits, with what was written in it. */
  readonly within?: (client: pg.ClientBase, written: readonly Written[]) => Promise<void>;
};

export type Writer = {
  /** Writes each article once, as fast as it goes. */
  readonly fill: () => Promise<void>;
  /** Writes on and on, through outages, until `stop`. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  /** Changes whose commit was confirmed, and that an event has to tell of. */
  readonly confirmed: () => ReadonlySet<string>;
  readonly counts: () => Counts;
  readonly close: () => Promise<void>;
};

export type Counts = {
  /** Transactions. */
  readonly committed: number;
  readonly rolledBack: number;
  /** Failed on the way: nobody knows whether they were committed. */
  readonly unknown: number;
  readonly changes: number;
};

const WRITERS = 3;
const PAUSE_MS = 50;
class RolledBack extends Error {}

/**
 * Writes articles into the legacy database as editors and imports would: single changes, imports of many articles
 * in one transaction, and now and then one that is rolled back.
 */
export function createWriter(options: WriterOptions): Writer {
  const { databaseUrl, articles, seed, perSecond } = options;
  const logger = createLogger({ service: 'writer', level: 'fatal' });
  const pool = createPool({ url: databaseUrl, applicationName: 'writer', logger, max: WRITERS });
  const confirmed = new Set<string>();
  const counts = { committed: 0, rolledBack: 0, unknown: 0, changes: 0 };
  let n = 0;
  let stopping = false;
  let running: Promise<unknown> = Promise.resolve();

  const write = async (
    refs: readonly string[],
    random: SeededRandom,
    rollBack: boolean,
  ): Promise<void> => {
    const changes = refs.map((ref) => changeOf(ref, (n += 1), random));
    try {
      const written = await withTransaction(pool, async (client) => {
        const done: Written[] = [];
        for (const change of changes) done.push(await change.apply(client));
        await options.within?.(client, done);
        if (rollBack) throw new RolledBack();
        return done;
      });
      counts.committed += 1;
      counts.changes += written.length;
      for (const one of written) if (one.told !== undefined) confirmed.add(changeName(one));
    } catch (error) {
      if (error instanceof RolledBack) counts.rolledBack += 1;
      else {
        counts.unknown += 1;
        await sleep(PAUSE_MS);
      }
    }
  };

  const refOf = (index: number): string => `drill-${String(index % articles).padStart(5, '0')}`;
  // In one order, so that two imports cannot wait for each other.
  const someRefs = (random: SeededRandom): string[] => {
    if (!random.chance(0.02)) return [refOf(random.below(articles))];
    const many = Math.min(articles, 50);
    const first = random.below(articles - many + 1);
    return Array.from({ length: many }, (_, index) => refOf(first + index));
  };

  const writeOn = async (writer: number): Promise<void> => {
    const random = seededRandom(seed * 31 + writer);
    let due = performance.now();
    while (!stopping) {
      const refs = someRefs(random);
      await write(refs, random, random.chance(0.05));
      // After an outage what was missed is not made up for.
      due = Math.max(due + (WRITERS * 1000 * refs.length) / perSecond, performance.now() - 1000);
      await sleep(Math.max(0, due - performance.now()));
    }
  };

  return {
    fill: async () => {
      await ensureSections(pool);
      const random = seededRandom(seed);
      for (let from = 0; from < articles; from += 50)
        await write(
          Array.from({ length: Math.min(50, articles - from) }, (_, index) => refOf(from + index)),
          random,
          false,
        );
    },
    start: () => {
      stopping = false;
      running = Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeOn(writer)));
    },
    stop: async () => {
      stopping = true;
      await running;
    },
    confirmed: () => confirmed,
    counts: () => counts,
    close: () => pool.end(),
  };
}
