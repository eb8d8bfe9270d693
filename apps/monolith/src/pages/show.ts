import { join } from 'node:path';
import { Eta } from 'eta';
import type { Request, Response } from 'express';
import { hasRol, roleName } from '../accounts/access.ts';
import type { AcctInt } from '../accounts/acct-int.ts';
import { viewerOf } from '../viewer.ts';
import type { Assets } from './assets.ts';
import { doneMessage } from './done.ts';
import { links, withParameter } from './links.ts';
import { toneOf } from './motif/section-motifs.ts';
import { setPageHeaders } from './page-headers.ts';
import type { Sections } from './sections.ts';
import { countOf, numberOf, weekdayOf } from './wording.ts';

/** What a page says about itself. */
export type Head = {
  /** Without the site's name. */
  title: string;
  description?: string;
  /** The address that counts, without the site: path and the parameters that matter. */
  path: string;
  /** The next page of a list. */
  next?: string | null;
  feed?: { title: string; path: string };
  /** Whether search engines may list it. Default true. */
  listed?: boolean;
  /** Which entry of the navigation this is. */
  place?: 'home' | 'most-read' | 'search' | 'desk' | 'account' | 'login' | 'register';
  /** A script of `public/` that the page needs. */
  script?: string;
  /** Default 200. */
  status?: number;
  /** Whether the browser may keep it. Default true. */
  stored?: boolean;
  /** Whether the page has a form for visitors who are not logged in. Default false. */
  form?: boolean;
  /** An article rather than a list, for those who share it. */
  published?: string;
};

export type ShowDeps = {
  acct: Pick<AcctInt, 'csrfTok'>;
  assets: Assets;
  sections: Sections;
  publicUrl: string;
  now?: () => Date;
};

export type Show = {
  /** Renders a template and sends it. */
  page: (req: Request, res: Response, head: Head, template: string, view: object) => Promise<void>;
  /** The same without asking the database, for when that may be what is broken. */
  pageNow: (req: Request, res: Response, head: Head, template: string, view: object) => void;
};

const helpers = { links, withParameter, toneOf, countOf, numberOf };

/** Templates see `page` (what all pages share), `view` (what this one shows) and `h` (paths and wording). */
export function createShow({ acct, assets, sections, publicUrl, now }: ShowDeps): Show {
  const templates = new Eta({
    views: join(import.meta.dirname, '../../templates'),
    cache: true,
    functionHeader: 'const { page, view, h } = it;',
  });
  const site = publicUrl.replace(/\/+$/, '');
  const clock = now ?? (() => new Date());

  function pageNow(req: Request, res: Response, head: Head, template: string, view: object): void {
    const viewer = viewerOf(req);
    const { status = 200, stored = true, listed = true, form = false } = head;
    const page = {
      ...head,
      listed,
      canonical: site + head.path,
      styles: assets.url('style.css'),
      scripts: head.script === undefined ? [] : [assets.url(head.script)],
      today: weekdayOf(clock()),
      sections: sections.known().filter(({ cnt }) => cnt > 0),
      viewer:
        viewer.kind === 'user'
          ? { name: viewer.nm, role: roleName(viewer.rol), hasDesk: hasRol(viewer, 'C') }
          : null,
      // An anonymous visitor gets a cookie with it, so only where there is a form to send.
      csrf: viewer.kind === 'user' || form ? acct.csrfTok(req, res) : '',
      done: doneMessage(req.query['done']),
      logIn: links.logIn(req.method === 'GET' && !form && status < 400 ? head.path : '/'),
    };
    const html = templates.render(template, { page, view, h: helpers });
    setPageHeaders(res, stored);
    res.status(status).type('html').send(html);
  }

  return {
    pageNow,
    async page(req, res, head, template, view) {
      await sections.list();
      pageNow(req, res, head, template, view);
    },
  };
}
