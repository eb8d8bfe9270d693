import { hostname } from 'node:os';

import * as setting from '@newscience/service-kit/config';
import type { ConfigFault } from '@newscience/service-kit/config';
import { ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';

const postgres = ['postgres', 'postgresql'] as const;
const identifier = (fallback: string) =>
  setting
    .text()
    .refine((name) => /^[a-z][a-z0-9_]{0,62}$/.test(name), {
      error: 'is not a name: lower-case letters, digits and underscores, 63 at most',
    })
    .default(fallback);

/** Every environment variable that the migrator reads. */
export const configSchema = z.object({
  ...setting.serviceSettings,
  PORT: setting.port().default(8083),
  /** Its own database. */
  DATABASE_URL: setting.secretUrl(postgres),
  DATABASE_POOL_MAX: setting.integer({ min: 2, max: 100 }).default(4),
  EVENT_BUS_URL: setting.secretUrl(['postgres', 'postgresql', 'kafka']),
  /** The legacy database, for the role `legacy_capture`. */
  LEGACY_REPLICATION_URL: setting.secretUrl(postgres),
  CAPTURE_SLOT: identifier('newscience_capture'),
  CAPTURE_PUBLICATION: identifier('newscience_capture'),
  CAPTURE_HEARTBEAT_MS: setting.durationMs().default(10_000),
  /** How often an instance that stands by looks whether it may capture. */
  STANDBY_CHECK_MS: setting.durationMs().default(500),
  /** An owner that gives no sign of life for so long loses its right. */
  OWNER_SILENT_MS: setting.durationMs().default(15_000),
  JWKS_URL: setting.url(['http', 'https']),
  JWT_ISSUER: setting.text().default('newscience'),
  JWT_AUDIENCE: setting.text().default('newscience'),
});

export type MigratorConfig = z.output<typeof configSchema> & { readonly instance: string };

/** Reads the settings; all faults at once. */
export function readMigratorConfig(
  env: Readonly<Record<string, string | undefined>>,
): Result<MigratorConfig, ConfigFault[]> {
  const read = setting.readConfig(configSchema, env);
  return read.ok ? ok({ ...read.value, instance: `${hostname()}/${process.pid}` }) : read;
}

/** For `src/provision.ts`, which runs by itself. */
export const provisionSchema = z.object({
  LEGACY_ADMIN_URL: setting.secretUrl(postgres),
  LEGACY_CAPTURE_PASSWORD: setting.secret(8),
  CAPTURE_ROLE: identifier('legacy_capture'),
  CAPTURE_PUBLICATION: identifier('newscience_capture'),
});
