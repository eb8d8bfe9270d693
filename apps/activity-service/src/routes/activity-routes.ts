import { expressPath } from '@newscience/service-kit/openapi';
import { claimsOf, requireRole, type TokenVerifier } from '@newscience/service-kit/operator-auth';
import { ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import type { Express } from 'express';

import type { Activity, Common, Timeline } from '../activity.ts';
import type { Streams } from '../stream/streams.ts';
import * as operations from './operations.ts';
import { streamHeaders } from './schemas.ts';

export type ActivityRouteDependencies = {
  readonly timeline: Timeline;
  readonly streams: Pick<Streams, 'open'>;
  readonly verifyToken: TokenVerifier;
};

type Page = { readonly limit: number; readonly cursor?: string | undefined };

/** The API for operators. */
export function activityRoutes({ timeline, streams, verifyToken }: ActivityRouteDependencies) {
  const { listActivity, streamActivity, readCounters, readTrace, readSubject } = operations;
  const operator = requireRole(verifyToken, ['operator']);

  const correlate = async (common: Common, { limit, cursor }: Page) => {
    const after = Number(cursor ?? 0);
    const found = await timeline.correlate(common, { after, limit: limit + 1 });
    return found === undefined ? undefined : { ...found, ...pageOf(found.items, limit) };
  };

  return (app: Express): void => {
    app.use(listActivity.path, (_req, res, next) => {
      res.set('cache-control', 'no-store');
      next();
    });

    app.get(listActivity.path, operator, async (req, res) => {
      const { limit, cursor, ...filter } = parseRequest(req, listActivity).query;
      const before = cursor === undefined ? undefined : Number(cursor);
      res.json(pageOf(await timeline.list(filter, { before, limit: limit + 1 }), limit));
    });

    app.get(streamActivity.path, operator, async (req, res) => {
      const { after, ...filter } = parseRequest(req, streamActivity).query;
      if (req.method === 'HEAD') {
        res.type('text/event-stream').end();
        return;
      }
      const seen = lastEventId(req.headers) ?? after;
      await streams.open(res, {
        filter,
        after: seen === undefined ? undefined : Number(seen),
        until: claimsOf(req).expiresAt,
      });
    });

    app.get(readCounters.path, operator, async (req, res) => {
      const { check } = parseRequest(req, readCounters).query;
      if (check === 'false') {
        res.json({ items: await timeline.counters() });
        return;
      }
      const items = await timeline.checkCounters();
      res.json({ items, agrees: items.every(({ count, stored }) => count === stored) });
    });

    app.get(expressPath(readTrace.path), operator, async (req, res) => {
      const { params, query } = parseRequest(req, readTrace);
      const found = await correlate({ trace: params.traceId }, query);
      if (found === undefined) throw unknown('trace_unknown', `the trace ${params.traceId}`);
      res.json(found);
    });

    app.get(expressPath(readSubject.path), operator, async (req, res) => {
      const { params, query } = parseRequest(req, readSubject);
      const found = await correlate({ aggregate: params.subject }, query);
      if (found === undefined) throw unknown('subject_unknown', `"${params.subject}"`);
      res.json(found);
    });
  };
}

/** One more than the limit was asked for, to see whether there is more. */
function pageOf(found: readonly Activity[], limit: number) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = found.length > limit && last !== undefined ? String(last.id) : null;
  return { items, nextCursor };
}

function lastEventId(headers: unknown): string | undefined {
  const read = streamHeaders.safeParse(headers);
  if (read.success) return read.data['last-event-id'];
  throw new ProblemError({
    code: 'validation_failed',
    detail: 'Last-Event-ID is not the id of an activity.',
    faults: [
      {
        pointer: '/headers/last-event-id',
        problem: 'is not a whole number',
        remedy: 'Send the id that was seen last, or leave it out.',
      },
    ],
  });
}

const unknown = (code: 'trace_unknown' | 'subject_unknown', what: string): ProblemError =>
  new ProblemError({
    code,
    detail: `No event about ${what} has come in yet. One that has just happened takes a moment.`,
  });
