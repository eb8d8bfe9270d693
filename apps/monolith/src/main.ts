import { readConfig } from '@newscience/service-kit/config';
import { listen } from '@newscience/service-kit/http-server';
import { createPool, ping } from '@newscience/service-kit/postgres';
import { runService } from '@newscience/service-kit/service';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';

await runService({
  name: 'monolith',
  readConfig: (env) => readConfig(configSchema, env),
  // The launcher gives it 2.5 s, after the gateway has let go of its last request.
  shutdownDeadlineMs: 2200,
  async start({ config, logger, metrics, health, shutdown }) {
    const pool = createPool({
      url: config.DATABASE_URL,
      max: config.DATABASE_POOL_MAX,
      applicationName: 'monolith',
      logger,
      metrics,
    });
    shutdown.add('database', () => pool.end());
    health.add('database', () => ping(pool));

    const { app, prepare, startJobs } = createApp({ config, pool, logger, metrics, health });
    await prepare();
    shutdown.add('background jobs', startJobs());

    const server = await listen({ app, host: config.HOST, port: config.PORT, logger });
    shutdown.add('http', () => server.close());
  },
});
