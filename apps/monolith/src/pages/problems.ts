import type { Request, Response } from 'express';
import { sendProblem } from '@newscience/service-kit/problem';
import type { Problem } from '@newscience/service-kit/problem';
import { z } from 'zod';
import { links } from './links.ts';
import type { Show } from './show.ts';

const forPrograms = /^\/(api|health|metrics|\.well-known)(\/|$)|\/feed\.xml$/;

/** The unsubscribe link of a mail is followed by people and, with one click, by their mail programs. */
function isForProgram(req: Request): boolean {
  if (forPrograms.test(req.path)) return true;
  const wantsPage = (req.get('accept') ?? '').includes('text/html');
  return req.method === 'POST' && req.path.startsWith('/unsubscribe/') && !wantsPage;
}

const formBody = z.record(z.string(), z.unknown());
const wordsOf = ['title', 'kicker', 'summary', 'body', 'text', 'reason'];

/** A heading that says to a person what the status says to a program. */
const headings: Record<number, string> = {
  401: 'Please log in first',
  403: 'This is not open to you',
  404: 'Nothing is here',
  405: 'That does not work here',
  409: 'That is not possible any more',
  410: 'This article was withdrawn',
  412: 'Somebody else was faster',
  413: 'That is too much at once',
  429: 'Too many attempts',
  503: 'We will be right back',
};

/** Where the problem's own words would only say the heading again. */
const explanations: Record<number, string> = {
  410: 'It was published here, and has been taken back since.',
};

/**
 * What somebody had written into a form that was refused, so that no text is lost with an expired session. Only
 * for forms of this site: nobody else's words are shown.
 */
function written(req: Request): string[] {
  const sent = req.get('sec-fetch-site');
  if (req.method !== 'POST' || (sent !== undefined && sent !== 'same-origin')) return [];
  const origin = req.get('origin');
  if (origin !== undefined && origin !== 'null' && !origin.endsWith(`//${req.get('host') ?? ''}`))
    return [];
  const body = formBody.safeParse(req.body);
  if (!body.success) return [];
  return wordsOf.flatMap((name) => {
    const text = body.data[name];
    return typeof text === 'string' && text.trim() !== '' ? [text] : [];
  });
}

/**
 * Shows a problem: as a page to people, as problem+json under the paths that programs use. Who has to log in first
 * is sent there, and comes back.
 */
export function createAnswerProblem(show: Show) {
  return (req: Request, res: Response, problem: Problem): void => {
    if (isForProgram(req)) {
      sendProblem(res, problem);
      return;
    }
    const reading = req.method === 'GET' || req.method === 'HEAD';
    if (problem.code === 'unauthorized' && reading) {
      res.set('cache-control', 'no-store').redirect(303, links.logIn(req.originalUrl));
      return;
    }
    if (problem.retryAfterSeconds !== undefined) {
      res.set('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterSeconds))));
    }
    const { status } = problem;
    const heading = headings[status] ?? (status >= 500 ? 'Something went wrong' : problem.title);
    const requestId = res.getHeader('x-request-id');
    show.pageNow(
      req,
      res,
      { title: heading, path: '/', listed: false, status, stored: false },
      '/problem',
      {
        status,
        heading,
        detail: explanations[status] ?? problem.detail,
        faults: (problem.faults ?? []).map((fault) => `${fault.problem}. ${fault.remedy ?? ''}`),
        requestId: status >= 500 && typeof requestId === 'string' ? requestId : null,
        logIn: status === 401 || problem.code === 'csrf_refused',
        written: written(req),
      },
    );
  };
}
