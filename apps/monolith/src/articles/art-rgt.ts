import { hasRol } from '../accounts/access.ts';
import type { Viewer } from '../viewer.ts';
import type { ArtSts } from './art-int.ts';

type Held = { sts: ArtSts; ownUsrId: number | null };

function isOwner(viewer: Viewer, art: Held): boolean {
  return viewer.kind === 'user' && art.ownUsrId === viewer.usrId;
}

/** Published: everybody. Anything else: editors, and the contributor whose it is. */
export function mayReadArt(viewer: Viewer, art: Held): boolean {
  return art.sts === 'P' || mayPublish(viewer) || (hasRol(viewer, 'C') && isOwner(viewer, art));
}

/** Editors everything, a contributor the own drafts. */
export function mayEditArt(viewer: Viewer, art: Held): boolean {
  return mayPublish(viewer) || (hasRol(viewer, 'C') && art.sts === 'D' && isOwner(viewer, art));
}

/** Publish, schedule, withdraw: editors. */
export function mayPublish(viewer: Viewer): boolean {
  return hasRol(viewer, 'E');
}

/** What to tell a viewer who may not read the article: that it is gone is known only of what was published. */
export function hiddenAs(art: {
  pubTs: Date | null;
  sts: ArtSts;
}): 'article_withdrawn' | 'article_not_found' {
  return art.sts === 'W' && art.pubTs !== null ? 'article_withdrawn' : 'article_not_found';
}
