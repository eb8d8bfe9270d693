import { readConfig, secretUrl, serviceSettings, text } from '@newscience/service-kit/config';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { listen } from '@newscience/service-kit/http-server';
import { createPool, ping } from '@newscience/service-kit/postgres';
import { runService } from '@newscience/service-kit/service';
import { z } from 'zod';

import { exampleRoutes } from './example-routes.ts';

const name = 'example';
const settings = z.object({
  ...serviceSettings,
  DATABASE_URL: secretUrl(['postgres']),
  GREETING: text(40),
});

await runService({
  name,
  readConfig: (env) => readConfig(settings, env),
  start: async ({ config, logger, metrics, health, shutdown }) => {
    const pool = createPool({ url: config.DATABASE_URL, applicationName: name, logger, metrics });
    shutdown.add('database', () => pool.end());
    health.add('database', () => ping(pool));
    const routes = exampleRoutes(pool, config.GREETING);
    const app = createHttpApp({ name, logger, metrics, health, routes });
    const server = await listen({ app, host: config.HOST, port: config.PORT, logger });
    shutdown.add('http', () => server.close());
  },
});
