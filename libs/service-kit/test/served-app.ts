import express from 'express';
import type { Express } from 'express';
import { z } from 'zod';

import { createHealth } from '../src/health.ts';
import type { Health } from '../src/health.ts';
import { createHttpApp } from '../src/http-app.ts';
import type { HttpAppOptions } from '../src/http-app.ts';
import { listen } from '../src/http-server.ts';
import { createLogger } from '../src/logging.ts';
import { createMetrics } from '../src/metrics.ts';
import type { Metrics } from '../src/metrics.ts';

const logLine = z.record(z.string(), z.unknown());

/** An application of the kit on a free port, with what it logged. */
export type ServedApp = {
  readonly url: string;
  readonly port: number;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: () => Record<string, unknown>[];
  readonly close: () => Promise<number>;
};

/** Serves routes with the kit around them, for a test. */
export async function serve(
  routes: (app: Express) => void,
  options: Partial<HttpAppOptions> = {},
): Promise<ServedApp> {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ service: 'sample', level: 'debug', destination });
  const health = createHealth();
  const metrics = createMetrics('sample');
  const app = createHttpApp({ name: 'sample', logger, metrics, health, routes, ...options });
  const { port, close } = await listen({ app, host: '127.0.0.1', port: 0, logger });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    health,
    metrics,
    log: () => lines.map((line) => logLine.parse(JSON.parse(line))),
    close: () => close(1000),
  };
}

/** A nested router, so that tests can see what a mount point does to a pattern. */
export function nestedRouter(): express.Router {
  const inner = express.Router({ mergeParams: true });
  inner.get('/comments/:comment', (req, res) => {
    res.json(req.params);
  });
  inner.get('/fail', () => {
    throw new Error('inner detail');
  });
  return inner;
}

const problemSchema = z
  .object({ code: z.string(), status: z.number(), detail: z.string() })
  .loose();

/** The problem that a response carries; throws when it is none. */
export async function problemOf(response: Response): Promise<z.output<typeof problemSchema>> {
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json; charset=utf-8')
    throw new Error(`It is ${type ?? 'nothing'}.`);
  return problemSchema.parse(await response.json());
}
