import { requireRole } from '@newscience/service-kit/operator-auth';
import { parseRequest } from '@newscience/service-kit/validation';
import type { Express, Request, Response } from 'express';
import type pg from 'pg';
import { z } from 'zod';

import { tokenOf, verify } from './event-api.ts';

const query = z.object({
  type: z.string().optional(),
  subject: z.string().optional(),
  after: z.coerce.number().optional(),
  from: z.string().optional(),
});
const login = z.object({ email: z.string(), password: z.string() });

type Effect = { n: number; key: string; id: string };

export type EffectStream = {
  readonly routes: (app: Express) => void;
  /** What clients asked for, one after the other. */
  readonly asked: (z.output<typeof query> & { readonly lastId: string | undefined })[];
  /** Breaks all streams, as a service does that is killed. */
  readonly break: () => void;
  /** Answers the next so many requests with a problem that may pass. */
  refusals: number;
};

/** Streams the effects of a consumer as the activity service streams what happened; and a site's door for tokens. */
export function effectStream(pool: pg.Pool): EffectStream {
  const open = new Set<Response>();
  const stream: EffectStream = {
    asked: [],
    refusals: 0,
    break: () => open.forEach((res) => res.destroy()),
    routes: (app) => {
      app.post('/api/v1/tokens', (req, res) => {
        const { email, password } = login.parse(req.body);
        if (password !== 'right password') res.status(401).json({ code: 'credentials_wrong' });
        else {
          const accessToken = tokenOf({ name: email.split('@')[0] ?? '' });
          res.json({ accessToken, tokenType: 'Bearer', expiresIn: 900 });
        }
      });
      app.get('/api/v1/activity/stream', requireRole(verify, ['operator']), async (req, res) => {
        const lastId = req.get('last-event-id');
        stream.asked.push({ ...parseRequest(req, { query }).query, lastId });
        if (stream.refusals > 0) {
          stream.refusals -= 1;
          res.status(503).json({ code: 'too_many_streams', retryable: true });
          return;
        }
        open.add(res);
        await serve(pool, req, res, lastId);
        open.delete(res);
      });
    },
  };
  return stream;
}

async function serve(
  pool: pg.Pool,
  req: Request,
  res: Response,
  lastId: string | undefined,
): Promise<void> {
  const { after, subject } = parseRequest(req, { query }).query;
  let last = Number(lastId ?? after ?? (await headOf(pool)));
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write(`retry: 2000\nid: ${last}\n\n`);
  while (!res.closed && !res.destroyed) {
    const { rows } = await pool.query<Effect>(
      'SELECT n::int, key, id FROM effect WHERE n > $1 AND ($2::text IS NULL OR key = $2) ORDER BY n',
      [last, subject],
    );
    for (const { n, key, id } of rows) {
      const activity = {
        ...{ id: n, eventId: id, type: 'newscience.route.StageChanged.v1', subject: key },
        ...{ time: '2026-03-02T06:00:00.000Z', summary: `The route ${key} \u001b[2J went on.` },
      };
      res.write(`event: activity\nid: ${n}\ndata: ${JSON.stringify(activity)}\n\n`);
      last = n;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function headOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'SELECT coalesce(max(n), 0)::int AS n FROM effect',
  );
  return rows[0]?.n ?? 0;
}
