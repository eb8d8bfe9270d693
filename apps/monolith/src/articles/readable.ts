import { ProblemError } from '@newscience/service-kit/problem';
import type { Viewer } from '../viewer.ts';
import type { ArtHdr } from './art-int.ts';
import { hiddenAs, mayReadArt } from './art-rgt.ts';

const hidden = (code: 'article_not_found' | 'article_withdrawn') =>
  new ProblemError({
    code,
    detail:
      code === 'article_withdrawn'
        ? 'The article was withdrawn.'
        : 'There is no article with this id.',
  });

/** The article if the viewer may read it. Throws the problem `article_not_found` or `article_withdrawn` otherwise. */
export function readable<A extends ArtHdr>(viewer: Viewer, art: A | null): A {
  if (!art) throw hidden('article_not_found');
  if (!mayReadArt(viewer, art)) throw hidden(hiddenAs(art));
  return art;
}
