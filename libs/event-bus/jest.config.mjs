import { projectConfig } from '../../infra/jest/project-config.mjs';

const config = projectConfig(import.meta.dirname);

/** Suites over real engines take minutes and need Docker: they have a configuration of their own. */
export default {
  ...config,
  testPathIgnorePatterns: [...config.testPathIgnorePatterns, '\\.distributed\\.spec\\.ts$'],
};
