import { Router } from 'express';
import type { z } from 'zod';
import { parseRequest } from '@newscience/service-kit/validation';
import { requireRol } from '../accounts/access.ts';
import type { DgstDay, DgstInt } from './dgst-int.ts';
import type { digestDaySchema } from './operations.ts';
import { digestQuery } from './operations.ts';

export type DigestRoutesDeps = { dgst: DgstInt };

const states = { P: 'retrying', F: 'failed', U: 'unconfirmed' } as const;

function shown({ dy, opn, snt, non, fld, unk }: DgstDay): z.output<typeof digestDaySchema> {
  return { day: dy, open: opn, sent: snt, nothingNew: non, failed: fld, unconfirmed: unk };
}

/** The operator's API of the digest job. */
export function digestRoutes({ dgst }: DigestRoutesDeps): Router {
  const router = Router();

  router.post('/api/v1/digest/runs', async (req, res) => {
    requireRol(req, 'O');
    res.json(shown(await dgst.runDgst()));
  });

  router.get('/api/v1/digest/runs', async (req, res) => {
    requireRol(req, 'O');
    const { query } = parseRequest(req, { query: digestQuery });
    const [days, faults] = await Promise.all([
      dgst.lstDgst(query.limit),
      dgst.lstDgstFlt(query.limit),
    ]);
    res.json({
      items: days.map(shown),
      faults: faults.map((flt) => ({
        day: flt.dy,
        userId: flt.usrRef,
        address: flt.emlMsk,
        state: states[flt.sts],
        attempts: flt.att,
        nextAttemptAt: flt.nxtTs?.toISOString() ?? null,
        problem: flt.err,
      })),
      nextCursor: null,
    });
  });

  return router;
}
