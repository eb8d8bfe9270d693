import { join } from 'node:path';
import { projectConfig } from '../../infra/jest/project-config.mjs';

export default {
  ...projectConfig(import.meta.dirname),
  globalSetup: join(import.meta.dirname, 'start-site.mjs'),
  globalTeardown: join(import.meta.dirname, 'stop-site.mjs'),
  // The journeys share one site; in a row their traces in its logs stay readable.
  maxWorkers: 1,
  testTimeout: 120_000,
};
