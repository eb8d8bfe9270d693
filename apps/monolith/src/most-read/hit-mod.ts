import type { Pool } from 'pg';
import type { Logger } from '@newscience/service-kit/logging';
import type { ArtInt } from '../articles/art-int.ts';
import type { HitInt, HitRec, HitWin } from './hit-int.ts';

/** `now` is the clock, for tests. */
export type HitDeps = { pool: Pool; art: ArtInt; logger: Logger; now?: () => Date };

const hourMs = 3_600_000;

/** Articles and hours that are kept in memory while the database is away; views of further ones are lost. */
const mostKept = 20_000;

type Tally = { artId: number; hrMs: number; cnt: number };

const keyOf = (artId: number, hrMs: number) => `${artId}@${hrMs}`;

function isMissingArticle(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503';
}

async function writeTallies(pool: Pool, tallies: Tally[]): Promise<void> {
  // In one order, so that two instances never wait for each other's rows crosswise.
  const sorted = tallies.toSorted((a, b) => a.artId - b.artId || a.hrMs - b.hrMs);
  await pool.query(
    `insert into art_hit as h (art_id, hr_ts, cnt)
     select * from unnest($1::int[], $2::timestamptz[], $3::int[])
     on conflict (art_id, hr_ts) do update set cnt = h.cnt + excluded.cnt`,
    [
      sorted.map(({ artId }) => artId),
      sorted.map(({ hrMs }) => new Date(hrMs)),
      sorted.map(({ cnt }) => cnt),
    ],
  );
}

async function selectTop(
  pool: Pool,
  since: Date,
  lim: number,
  skip: number,
): Promise<{ artId: number; cnt: number }[]> {
  const { rows } = await pool.query<{ art_id: number; cnt: number }>(
    `select art_id, sum(cnt)::float8 as cnt from art_hit where hr_ts >= $1
     group by art_id order by sum(cnt) desc, art_id desc limit $2 offset $3`,
    [since, lim, skip],
  );
  return rows.map((row) => ({ artId: row.art_id, cnt: row.cnt }));
}

/**
 * The most-read module. Views are counted in memory and written in batches, so that no page waits for
 * them; a crash loses what was counted since the last batch.
 */
export function createHit({ pool, art, logger, now = () => new Date() }: HitDeps): HitInt {
  let counting = new Map<string, Tally>();
  let flushing: Promise<void> = Promise.resolve();
  let lost = 0;

  function count(artId: number, hrMs: number, cnt: number): void {
    const key = keyOf(artId, hrMs);
    const tally = counting.get(key);
    if (tally) tally.cnt += cnt;
    else if (counting.size < mostKept) counting.set(key, { artId, hrMs, cnt });
    else lost += cnt;
  }

  async function writeKnown(tallies: Tally[]): Promise<void> {
    try {
      await writeTallies(pool, tallies);
    } catch (error) {
      if (!isMissingArticle(error)) throw error;
      const known = new Set(
        (await art.getHdrs([...new Set(tallies.map(({ artId }) => artId))])).map(
          ({ artId }) => artId,
        ),
      );
      await writeTallies(
        pool,
        tallies.filter(({ artId }) => known.has(artId)),
      );
    }
  }

  async function flush(): Promise<void> {
    const tallies = [...counting.values()];
    if (tallies.length === 0) return;
    counting = new Map();
    try {
      await writeKnown(tallies);
    } catch (error) {
      for (const { artId, hrMs, cnt } of tallies) count(artId, hrMs, cnt);
      logger.warn(
        { err: error, kept: counting.size, lost },
        'views could not be written, trying again',
      );
    }
  }

  async function top(win: HitWin, lim: number): Promise<HitRec[]> {
    const hour = Math.floor(now().getTime() / hourMs) * hourMs;
    const since = win === 'all' ? new Date(0) : new Date(hour - 23 * hourMs);
    const found: HitRec[] = [];
    for (let skip = 0; found.length < lim; skip += lim) {
      const counts = await selectTop(pool, since, lim, skip);
      const hdrs = new Map(
        (await art.getHdrs(counts.map(({ artId }) => artId))).map((hdr) => [hdr.artId, hdr]),
      );
      for (const { artId, cnt } of counts) {
        const hdr = hdrs.get(artId);
        if (hdr?.sts === 'P') found.push({ hdr, cnt });
      }
      if (counts.length < lim) break;
    }
    return found.slice(0, lim);
  }

  return {
    hitArt: (artId) => count(artId, Math.floor(now().getTime() / hourMs) * hourMs, 1),
    topArt: top,
    flsHit: () => (flushing = flushing.then(flush)),
  };
}

/**
 * Writes the views every `everyMs` (default 1000).
 * @returns stops that, after a last time
 */
export function startHitFlush({
  hit,
  everyMs = 1000,
}: {
  hit: HitInt;
  everyMs?: number;
}): () => Promise<void> {
  const timer = setInterval(() => void hit.flsHit(), everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await hit.flsHit();
  };
}
