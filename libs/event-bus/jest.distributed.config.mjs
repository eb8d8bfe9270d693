import { projectConfig } from '../../infra/jest/project-config.mjs';

const { globalSetup, globalTeardown, ...config } = projectConfig(import.meta.dirname);

/** Only the suites over real engines, which bring their own servers. */
export default {
  ...config,
  displayName: `${config.displayName} distributed`,
  // The counts of `npm test` are not about these.
  reporters: ['default'],
  testMatch: ['<rootDir>/test/**/*.distributed.spec.ts'],
};
