import type { ArtHdr } from '../articles/art-int.ts';

/** day: the current hour and the 23 before it. */
export type HitWin = 'day' | 'all';

export type HitRec = { hdr: ArtHdr; cnt: number };

export interface HitInt {
  /** Counts one view in memory; written within a second. Never throws, never waits. */
  hitArt(artId: number): void;
  /** Published articles with the most views, most first; `lim` 1 to 100. */
  topArt(win: HitWin, lim: number): Promise<HitRec[]>;
  /** Writes what is counted so far (at shutdown). */
  flsHit(): Promise<void>;
}
