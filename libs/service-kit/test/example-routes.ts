import { setTimeout as sleep } from 'node:timers/promises';

import { parseRequest } from '@newscience/service-kit/validation';
import type { Express } from 'express';
import type pg from 'pg';
import { z } from 'zod';

const greetingParams = z.object({ name: z.string().max(20) });
const slowQuery = z.object({ ms: z.coerce.number().int().max(60_000) });

/** What the example answers: something plain, something slow, something that nobody handles. */
export const exampleRoutes = (pool: pg.Pool, greeting: string) => (app: Express) => {
  app.get('/greetings/:name', async (req, res) => {
    const { params } = parseRequest(req, { params: greetingParams });
    const { rows } = await pool.query<{ text: string }>("SELECT $1 || ', ' || $2 AS text", [
      greeting,
      params.name,
    ]);
    res.json(rows[0]);
  });
  app.get('/slow', async (req, res) => {
    const { query } = parseRequest(req, { query: slowQuery });
    res.write('begun\n');
    await sleep(query.ms);
    await pool.query('SELECT 1');
    res.end('done\n');
  });
  app.get('/unhandled', (_req, res) => {
    res.end();
    void Promise.reject(new Error('nobody handles this'));
  });
};
