import { join } from 'node:path';

import { migrate } from '@newscience/service-kit/migrations';
import type { Secret } from '@newscience/service-kit/secret';

/** The numbered SQL files of the log. */
export const busMigrations = join(import.meta.dirname, '../../migrations');

/**
 * Brings the bus's database up to date. It must be a database of its own: its history is kept beside its
 * tables. `databaseUrl` is of the owner role, `appRole` the role that services connect as.
 */
export const migrateBus = (options: {
  readonly databaseUrl: string | Secret;
  readonly appRole: string;
}): Promise<string[]> => migrate({ ...options, directory: busMigrations });
