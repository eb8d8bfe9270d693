import { err, ok } from '@newscience/service-kit/result';
import type { ArtInt } from '../articles/art-int.ts';
import type { AutInt } from './aut-int.ts';

/** The authors module; it has no tables of its own. */
export function createAut({ art }: { art: ArtInt }): AutInt {
  return {
    async getAutPg(autNm, lim, cur) {
      const sum = await art.getAut(autNm);
      if (!sum)
        return err({ code: 'author_not_found', detail: 'Nothing is published under this name.' });
      const pg = await art.lstArt({ autNm }, lim, cur);
      return pg.ok ? ok({ sum, pg: pg.value }) : pg;
    },
  };
}
