import { join } from 'node:path';
import { describeFaults, readConfig, secretUrl } from '@newscience/service-kit/config';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { z } from 'zod';

import { loadSample } from './load-sample.ts';
import { readSample } from './sample-files.ts';

/**
 * `node apps/monolith/src/sample/main.ts`: loads the sample at the first start. Exit code 0, also when it
 * was loaded before; 1 when it could not be; 78 for a wrong setting.
 */
const config = readConfig(
  z.object({ DATABASE_URL: secretUrl(['postgres', 'postgresql']) }),
  process.env,
);
if (config.ok) {
  const logger = createLogger({ service: 'sample', level: 'warn' });
  const pool = createPool({
    url: config.value.DATABASE_URL,
    applicationName: 'sample',
    logger,
    max: 4,
  });
  try {
    const sample = readSample(join(import.meta.dirname, '../../sample'), new Date());
    const loaded = await loadSample({ pool, logger }, sample);
    process.stdout.write(
      loaded.outcome === 'loaded'
        ? `Loaded ${loaded.articles} articles, ${loaded.people} people and ${loaded.comments} comments.\n`
        : 'The sample was loaded before.\n',
    );
  } catch (error) {
    process.stderr.write(
      `The sample could not be loaded: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 1;
  } finally {
    await pool.end();
  }
} else {
  process.stderr.write(`${describeFaults(config.error)}\n`);
  process.exitCode = 78;
}
