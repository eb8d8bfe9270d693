import type { ArtInt, SectRec } from '../articles/art-int.ts';

export type Sections = {
  /** All sections, at most a few seconds old. */
  list: () => Promise<SectRec[]>;
  /** What was read last, without asking the database; empty before the first time. */
  known: () => SectRec[];
};

/** The sections for the navigation of every page: not counted anew for each of them. `keepMs` 0 reads always. */
export function createSections(art: Pick<ArtInt, 'lstSect'>, keepMs = 10_000): Sections {
  let kept: SectRec[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async list() {
      if (performance.now() - readAt >= keepMs) {
        kept = await art.lstSect();
        readAt = performance.now();
      }
      return kept;
    },
    known: () => kept,
  };
}
