import { z } from 'zod';
import * as env from '@newscience/service-kit/config';
import { isAddressList } from './trusted-proxies.ts';

/** Every environment variable that the monolith reads. Durations are milliseconds. */
export const configSchema = z.object({
  HOST: env.text().default('127.0.0.1'),
  PORT: env.port().default(8082),
  LOG_LEVEL: env
    .oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: env.url(['http', 'https']).optional(),
  DATABASE_URL: env.secretUrl(['postgres', 'postgresql']),
  DATABASE_POOL_MAX: env.integer({ min: 2, max: 200 }).default(10),

  /** Where readers reach the site: links in feeds and mails, secure cookies, the Origin check. */
  PUBLIC_URL: env.url(['http', 'https']).default('http://127.0.0.1:8080'),
  /** Addresses (comma-separated, CIDR allowed) whose X-Forwarded-* headers are believed. */
  TRUST_PROXY: env
    .text()
    .refine(isAddressList, 'has a part that is no address, such as 127.0.0.1 or 10.0.0.0/8')
    .default(''),

  /** Seals the signing keys in the database and signs anonymous forms; the same for all instances. */
  KEY_ENCRYPTION_SECRET: env.secret(32),
  BOOTSTRAP_OPERATOR_PASSWORD: env.secret(10).optional(),
  BOOTSTRAP_EDITOR_PASSWORD: env.secret(10).optional(),

  SESSION_IDLE_MS: env.durationMs().default(7 * 24 * 3_600_000),
  SESSION_MAX_MS: env.durationMs().default(30 * 24 * 3_600_000),
  SESSION_CLEANUP_INTERVAL_MS: env.durationMs().default(600_000),

  /** A new key is published this long before it signs: longer than anybody caches the key set. */
  KEY_PUBLISH_AHEAD_MS: env.durationMs().default(900_000),
  KEY_ROTATION_MS: env.durationMs().default(30 * 24 * 3_600_000),

  ATTEMPT_WINDOW_MS: env.durationMs().default(900_000),
  LOGIN_ATTEMPTS_PER_ACCOUNT: env.integer({ min: 1 }).default(10),
  LOGIN_ATTEMPTS_PER_ADDRESS: env.integer({ min: 1 }).default(100),
  REGISTRATIONS_PER_ADDRESS: env.integer({ min: 1 }).default(50),

  /** 0 switches the hourly batch off at start. */
  SEARCH_BATCH_INTERVAL_MS: env.durationMs().default(3_600_000),
  DIGEST_AT: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('06:00'),
  /** `file:` writes .eml files into a folder, `smtp:`/`smtps:` sends. */
  MAIL_URL: env.url(['file', 'smtp', 'smtps']).default('file:.newscience/mail'),
  MAIL_FROM: env.text().default('New Science <digest@newscience.example>'),
});

export type Config = z.output<typeof configSchema>;
