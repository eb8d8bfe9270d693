import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const root = join(import.meta.dirname, '..', '..', '..');

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const service = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), target: z.string() }).optional(),
  restart: z.string().optional(),
  user: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  mem_limit: z.string().optional(),
  pids_limit: z.number().optional(),
  environment: z.record(z.string(), text).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()).optional(),
  network_mode: z.string().optional(),
  healthcheck: z.unknown().optional(),
  logging: z.unknown().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const file = z.object({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
});

export type ComposeService = z.output<typeof service>;

export const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
export const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

/** docker-compose.yml as it is written, variables included. */
export const compose = file.parse(parse(composeText, { merge: true }));

export const services = Object.entries(compose.services);
export const isOneShot = ({ restart }: ComposeService): boolean => restart === 'no';
export const isOurs = ({ image }: ComposeService): boolean => image.startsWith('newscience/');

/** Bytes of `320m`. */
export function bytesOf(limit: string): number {
  const [, number, unit] = /^(\d+)([mg])$/.exec(limit) ?? [];
  return Number(number) * (unit === 'g' ? 1024 ** 3 : 1024 ** 2);
}
