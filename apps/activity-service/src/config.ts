import * as setting from '@newscience/service-kit/config';
import type { ConfigFault } from '@newscience/service-kit/config';
import type { Result } from '@newscience/service-kit/result';
import { z } from 'zod';

const postgres = ['postgres', 'postgresql'] as const;

/** Every environment variable that the service reads. */
export const configSchema = z.object({
  ...setting.serviceSettings,
  PORT: setting.port().default(8084),
  /** The service's own database, for its own role. */
  DATABASE_URL: setting.secretUrl(postgres),
  /** Half of them for the consumer, half for queries; one more listens. */
  DATABASE_POOL_MAX: setting.integer({ min: 2, max: 100 }).default(4),
  EVENT_BUS_URL: setting.secretUrl([...postgres, 'kafka']),

  JWKS_URL: setting.url(['http', 'https']),
  JWT_ISSUER: setting.text().default('newscience'),
  JWT_AUDIENCE: setting.text().default('newscience'),

  TIMELINE_POLL_MS: setting.durationMs().default(1000),
  STREAM_CLIENTS_MAX: setting.integer({ min: 1, max: 10_000 }).default(100),
  STREAM_HEARTBEAT_MS: setting.durationMs().default(15_000),
  STREAM_STALL_MS: setting.durationMs().default(10_000),
});

export type ActivityConfig = z.output<typeof configSchema>;

/** Reads the settings; all faults at once. */
export const readActivityConfig = (
  env: Readonly<Record<string, string | undefined>>,
): Result<ActivityConfig, ConfigFault[]> => setting.readConfig(configSchema, env);
