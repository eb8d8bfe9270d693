import type { ArtRec } from '../articles/art-int.ts';
import { mayPublish } from '../articles/art-rgt.ts';
import type { CmtInt, CmtRec } from '../comments/cmt-int.ts';
import { threads } from '../comments/cmt-thr.ts';
import type { Viewer } from '../viewer.ts';
import { freshForm } from './form.ts';
import type { FormView } from './form.ts';
import { given } from './given.ts';
import { links, withParameter } from './links.ts';
import { momentOf } from './wording.ts';

const perPage = 100;

/** A form of the discussion that was refused: which one, and what was typed into it. */
export type Refused = {
  form: 'comment' | 'reply' | 'report';
  cmtRef: string | null;
  view: FormView;
};

function commentView(viewer: Viewer, cmt: CmtRec, refused: Refused | null) {
  const own = viewer.kind === 'user' && viewer.usrRef === cmt.usrRef;
  const visible = cmt.sts === 'V';
  const isReply = cmt.parRef !== null;
  const formOf = (form: 'reply' | 'report') =>
    refused?.form === form && refused.cmtRef === cmt.cmtRef ? refused.view : null;
  return {
    ref: cmt.cmtRef,
    name: cmt.nm,
    own,
    state: cmt.sts,
    text: cmt.txt,
    when: momentOf(cmt.crtTs),
    iso: cmt.crtTs.toISOString(),
    mayReply: viewer.kind === 'user' && visible && !isReply,
    mayDelete: own && cmt.sts !== 'X',
    mayReport: viewer.kind === 'user' && !own && visible,
    mayHide: mayPublish(viewer) && visible,
    mayShow: mayPublish(viewer) && cmt.sts === 'H',
    reply: formOf('reply') ?? freshForm(),
    report: formOf('report') ?? freshForm(),
    replying: formOf('reply') !== null,
    reporting: formOf('report') !== null,
  };
}

/** The discussion under a published article as the template shows it, one page of it. */
export async function discussionView(
  cmt: CmtInt,
  viewer: Viewer,
  rec: ArtRec,
  cursor: string | null,
  refused: Refused | null = null,
) {
  const { itms, nxt, tot } = given(
    await cmt.lstCmt(rec.artId, perPage, cursor, mayPublish(viewer)),
  );
  const url = links.article(rec.artRef);
  const shown = (item: CmtRec) => commentView(viewer, item, refused);
  return {
    total: tot,
    threads: threads(itms).map(({ top, rpls }) => ({
      top: top && shown(top),
      replies: rpls.map(shown),
    })),
    first: cursor === null ? null : `${url}#comments`,
    next: nxt === null ? null : `${withParameter(url, 'comments', nxt)}#comments`,
    action: `${url}/comments`,
    mayWrite: viewer.kind === 'user',
    logIn: links.logIn(`${url}#comments`),
    form: refused?.form === 'comment' ? refused.view : freshForm(),
  };
}

const mostPages = 50;

/** The address of a comment, on whichever page of the discussion it stands. */
export async function commentUrl(
  cmt: CmtInt,
  { artId, artRef }: Pick<ArtRec, 'artId' | 'artRef'>,
  cmtRef: string,
  done: string,
): Promise<string> {
  let cursor: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const { itms, nxt }: { itms: CmtRec[]; nxt: string | null } = given(
      await cmt.lstCmt(artId, perPage, cursor),
    );
    if (itms.some((item) => item.cmtRef === cmtRef) || nxt === null) break;
    cursor = nxt;
  }
  const url = withParameter(links.article(artRef), 'done', done);
  return `${cursor === null ? url : withParameter(url, 'comments', cursor)}#comment-${cmtRef}`;
}
