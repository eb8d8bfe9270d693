import { basename, join } from 'node:path';

const here = import.meta.dirname;

/**
 * The Jest configuration of one project. Sources are TypeScript with erasable syntax, so the transform
 * is Node's own type stripping: a test runs the very code that a service runs.
 *
 * @param {string} rootDir the project's folder
 */
export function projectConfig(rootDir) {
  return {
    rootDir,
    displayName: basename(rootDir),
    testEnvironment: 'node',
    testMatch: ['<rootDir>/**/*.spec.ts'],
    testPathIgnorePatterns: [
      '/node_modules/',
      '/dist/',
      '/fixture/',
      '\\.distributed\\.spec\\.ts$',
    ],
    extensionsToTreatAsEsm: ['.ts'],
    moduleFileExtensions: ['ts', 'mjs', 'js', 'json'],
    transform: { '\\.ts$': join(here, 'strip-types.mjs') },
    globalSetup: join(here, 'start-postgres.mjs'),
    globalTeardown: join(here, 'stop-postgres.mjs'),
    reporters: ['default', join(here, 'count-reporter.mjs')],
    maxWorkers: Number(process.env.JEST_WORKERS ?? 1),
    testTimeout: 60_000,
    openHandlesTimeout: 3_000,
  };
}

/**
 * The configuration of a project's suites over real engines (`*.distributed.spec.ts`), which bring their own servers.
 * Their counts are left beside those of the other tests.
 *
 * @param {string} rootDir the project's folder
 */
export function distributedConfig(rootDir) {
  const { globalSetup, globalTeardown, ...config } = projectConfig(rootDir);
  return {
    ...config,
    displayName: `${config.displayName} distributed`,
    testMatch: ['<rootDir>/**/*.distributed.spec.ts'],
    testPathIgnorePatterns: ['/node_modules/', '/dist/', '/fixture/'],
    reporters: ['default', [join(here, 'count-reporter.mjs'), { file: 'counts.distributed.json' }]],
  };
}
