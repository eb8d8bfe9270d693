import { err, ok, type Result } from '@newscience/service-kit/result';
import type { Pool } from 'pg';
import { z } from 'zod';

import type { ArtInt } from '../articles/art-int.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import type { SrchErr, SrchHit, SrchPg } from './srch-int.ts';
import { tokWrd } from './srch-tok.ts';

/** More words than this are not looked for. */
const MAX_WORDS = 32;

/** A score goes out as a number of ordinary size; inside it stays a whole number. */
const SCR_SCALE = 1_000_000;

const place = z.tuple([z.string().regex(/^\d{1,18}$/), z.string().regex(/^\d{1,18}$/)]);

type Pos = { scr: string; artId: string };
type HitRow = { idx_ts: Date; tot: number; art_id: string | null; scr: string | null };

/** The hits after a position, best first, and how many there are in all. One statement, so one index answers it. */
const FIND = `
  WITH r AS (SELECT run_id, idx_ts, art_cnt FROM srch_run WHERE idx_ts IS NOT NULL ORDER BY run_id DESC LIMIT 1),
  w AS (SELECT x.wrd_id, round(1000 * ln(1 + r.art_cnt::numeric / x.art_cnt))::bigint AS rar
          FROM srch_wrd x JOIN r ON r.run_id = x.run_id WHERE x.wrd = ANY ($1::text[])),
  h AS MATERIALIZED (SELECT i.art_id, sum(i.wgt * w.rar)::bigint AS scr FROM srch_idx i JOIN w ON w.wrd_id = i.wrd_id GROUP BY i.art_id)
  SELECT r.idx_ts, (SELECT count(*) FROM h)::int AS tot, p.art_id, p.scr
    FROM r LEFT JOIN LATERAL (SELECT h.art_id, h.scr FROM h
                               WHERE $2::bigint IS NULL OR (h.scr, h.art_id) < ($2::bigint, $3::bigint)
                               ORDER BY h.scr DESC, h.art_id DESC LIMIT $4) p ON true
   ORDER BY p.scr DESC, p.art_id DESC`;

/**
 * One page of published articles with any of the words of `q`. The index may be an hour old, so a hit
 * that was withdrawn since is left out, and the page is filled with those that follow.
 */
export async function fndArt(
  { pool, art }: { pool: Pool; art: ArtInt },
  q: string,
  lim: number,
  cur: string | null,
): Promise<Result<SrchPg, SrchErr>> {
  const wrds = [...new Set(tokWrd(q))].slice(0, MAX_WORDS);
  const scope = `search:${wrds.join(' ')}`;
  let pos = cur === null ? null : decCur(scope, cur);
  if (cur !== null && pos === null) {
    return err({
      code: 'cursor_invalid',
      detail: 'This cursor does not belong to this search; start again without one.',
    });
  }
  const itms: SrchHit[] = [];
  let gone = 0;
  for (;;) {
    const wanted = lim - itms.length + 1;
    const { rows } = await pool.query<HitRow>(FIND, [
      wrds,
      pos?.scr ?? null,
      pos?.artId ?? null,
      wanted,
    ]);
    const [fst] = rows;
    if (fst === undefined) return ok({ itms: [], tot: 0, nxt: null, idxTs: null });
    const hits = rows.flatMap(({ art_id: artId, scr }) =>
      artId === null || scr === null ? [] : [{ artId, scr }],
    );
    const hdrs = new Map(
      (await art.getHdrs(hits.map(({ artId }) => Number(artId)))).map((hdr) => [hdr.artId, hdr]),
    );
    for (const hit of hits) {
      const hdr = hdrs.get(Number(hit.artId));
      if (hdr?.sts !== 'P') {
        gone += 1;
      } else if (itms.length === lim) {
        return ok({ itms, tot: fst.tot - gone, nxt: encCur(scope, pos), idxTs: fst.idx_ts });
      } else {
        itms.push({ hdr, scr: Number(hit.scr) / SCR_SCALE });
      }
      pos = hit;
    }
    if (hits.length < wanted)
      return ok({ itms, tot: fst.tot - gone, nxt: null, idxTs: fst.idx_ts });
  }
}

function encCur(scope: string, pos: Pos | null): string | null {
  return pos === null ? null : writeCursor(scope, [pos.scr, pos.artId]);
}

function decCur(scope: string, cur: string): Pos | null {
  const key = readCursor(scope, cur, place);
  return key === null ? null : { scr: key[0], artId: key[1] };
}
