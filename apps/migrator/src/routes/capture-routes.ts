import { claimsOf, requireRole, type TokenVerifier } from '@newscience/service-kit/operator-auth';
import { ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import type { Express } from 'express';
import type pg from 'pg';

import type { Capture } from '../capture/capture.ts';
import { askForSnapshot, selectActions, selectRejectedRows } from '../store/operator-views.ts';
import { listActions, listRejected, requestSnapshot, showCapture } from './operations.ts';

export type CaptureRoutesDependencies = {
  readonly capture: Pick<Capture, 'state'>;
  readonly pool: pg.Pool;
  readonly verifyToken: TokenVerifier;
};

/** The operator API. */
export function captureRoutes({
  capture,
  pool,
  verifyToken,
}: CaptureRoutesDependencies): (app: Express) => void {
  const operator = requireRole(verifyToken, ['operator']);
  return (app) => {
    app.get(showCapture.path, operator, (_req, res) => {
      res.json(capture.state());
    });

    app.get(listRejected.path, operator, async (req, res) => {
      const { limit, cursor = '' } = parseRequest(req, listRejected).query;
      const rows = await selectRejectedRows(pool, cursor, limit + 1);
      const items = rows.slice(0, limit);
      const nextCursor = rows.length > limit ? (items.at(-1)?.place ?? null) : null;
      res.json({ items: items.map(({ place: _, ...item }) => item), nextCursor });
    });

    app.post(requestSnapshot.path, operator, async (req, res) => {
      const { why } = parseRequest(req, requestSnapshot).body;
      const { sub, name } = claimsOf(req);
      if (!(await askForSnapshot(pool, { id: sub, name: name === '' ? sub : name }, why)))
        throw new ProblemError({
          code: 'snapshot_running',
          detail: 'A snapshot is being taken or is due: wait for it to be complete.',
          retryable: true,
        });
      res.status(202).json({ why });
    });

    app.get(listActions.path, operator, async (req, res) => {
      const { limit, cursor } = parseRequest(req, listActions).query;
      const rows = await selectActions(pool, cursor ?? null, limit + 1);
      const items = rows.slice(0, limit);
      res.json({ items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null });
    });
  };
}
