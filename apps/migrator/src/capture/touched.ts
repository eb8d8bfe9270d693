import type pg from 'pg';

import type { Kind } from '../store/aggregates.ts';

/** Which aggregates a legacy transaction has touched. Many of them move from memory into a table. */
export type Touched = {
  readonly add: (kind: Kind, key: string) => void;
  /** Every article of these sections. */
  readonly addSections: (
    client: pg.Client,
    epoch: number,
    keys: readonly string[],
  ) => Promise<void>;
  /** Every aggregate whose rows are in this table. */
  readonly addAllOf: (client: pg.Client, epoch: number, relation: string) => Promise<void>;
  readonly spill: (client: pg.Client) => Promise<void>;
  /** Calls `each` with some keys at a time, users first, comments last, and forgets them. */
  readonly drain: (
    client: pg.Client,
    each: (kind: Kind, keys: readonly string[]) => Promise<void>,
  ) => Promise<void>;
};

const MOST_IN_MEMORY = 2000;
const PAGE = 200;
const kinds: readonly Kind[] = ['user', 'article', 'comment'];

const insertKeys =
  'INSERT INTO touched (kind, legacy_key) SELECT $1, key FROM unnest($2::text[]) AS key ON CONFLICT DO NOTHING';
const insertSections = `
INSERT INTO touched (kind, legacy_key) SELECT 'article', key FROM mirror
WHERE epoch = $1 AND relation = 'art' AND parent = ANY ($2) ON CONFLICT DO NOTHING`;
const insertAll = `
INSERT INTO touched (kind, legacy_key) SELECT DISTINCT $3, split_part(key, '/', 1) FROM mirror
WHERE epoch = $1 AND relation = $2 ON CONFLICT DO NOTHING`;
const takePage = `
DELETE FROM touched WHERE kind = $1 AND legacy_key IN (SELECT legacy_key FROM touched WHERE kind = $1 LIMIT ${PAGE})
RETURNING legacy_key`;

/** The aggregate that a row belongs to; a section's row belongs to many. */
export function aggregateOf(relation: string, key: string): { kind: Kind; key: string } | null {
  switch (relation) {
    case 'usr':
      return { kind: 'user', key };
    case 'cmt':
      return { kind: 'comment', key };
    case 'art':
      return { kind: 'article', key };
    case 'art_aut':
    case 'art_top':
    case 'art_rel':
      return { kind: 'article', key: key.split('/')[0] ?? key };
    default:
      return null;
  }
}

export function createTouched(): Touched {
  const inMemory = new Map<Kind, Set<string>>(kinds.map((kind) => [kind, new Set()]));
  let isSpilled = false;

  const spill = async (client: pg.Client): Promise<void> => {
    for (const [kind, keys] of inMemory) {
      if (keys.size === 0) continue;
      await client.query(insertKeys, [kind, [...keys]]);
      keys.clear();
      isSpilled = true;
    }
  };

  return {
    add: (kind, key) => void inMemory.get(kind)?.add(key),
    addSections: async (client, epoch, keys) => {
      await client.query(insertSections, [epoch, keys]);
      isSpilled = true;
    },
    addAllOf: async (client, epoch, relation) => {
      const kind = aggregateOf(relation, '')?.kind;
      if (kind === undefined) return;
      await client.query(insertAll, [epoch, relation, kind]);
      isSpilled = true;
    },
    spill: async (client) => {
      const size = [...inMemory.values()].reduce((sum, keys) => sum + keys.size, 0);
      if (size > MOST_IN_MEMORY) await spill(client);
    },
    drain: async (client, each) => {
      // What is in both places must be told once.
      if (isSpilled) await spill(client);
      for (const kind of kinds) {
        const keys = [...(inMemory.get(kind) ?? [])];
        inMemory.get(kind)?.clear();
        for (let at = 0; at < keys.length; at += PAGE) await each(kind, keys.slice(at, at + PAGE));
        if (!isSpilled) continue;
        for (;;) {
          const { rows } = await client.query<{ legacy_key: string }>(takePage, [kind]);
          if (rows.length === 0) break;
          await each(
            kind,
            rows.map(({ legacy_key: key }) => key),
          );
        }
      }
    },
  };
}
