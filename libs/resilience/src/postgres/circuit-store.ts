import type pg from 'pg';
import { z } from 'zod';

import type { CircuitStore } from '../circuit-store.ts';
import type { Circuit } from '../domain/circuit.ts';
import { queryWithin } from './within.ts';

const tripReason = z.union([
  z.object({ rule: z.literal('consecutive-failures'), failures: z.number() }),
  z.object({
    rule: z.enum(['count-window', 'time-window']),
    bad: z.number(),
    calls: z.number(),
    ratio: z.number(),
    counts: z.enum(['failures', 'slow-calls']),
    window: z.number(),
  }),
]);
const openReason = z.union([
  tripReason,
  z.object({ rule: z.enum(['probe-failed', 'probe-silent']), by: z.string() }),
]);
const generation = z.number().int();
const times = { generation, since: z.number() };

/** What another release of this library may have written is checked like anything that comes from outside. */
const circuitSchema: z.ZodType<Circuit> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('closed'),
    generation,
    votes: z.array(z.object({ by: z.string(), until: z.number() })),
  }),
  z.object({
    ...{ kind: z.literal('open'), ...times, until: z.number(), opens: z.number().int() },
    reason: openReason,
  }),
  z.object({
    ...{ kind: z.literal('half-open'), ...times, opens: z.number().int() },
    probes: z.array(z.object({ id: z.string(), by: z.string(), until: z.number() })),
    successes: z.number().int(),
  }),
  z.object({ kind: z.literal('isolated'), ...times, why: z.string() }),
]);
const readingSchema = z.object({
  now: z.number(),
  circuits: z.record(z.string(), z.object({ version: z.number().int(), circuit: circuitSchema })),
});

const readAll = `
SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now,
  coalesce(json_object_agg(name, json_build_object('version', version, 'circuit', circuit)) FILTER (WHERE name IS NOT NULL), '{}') AS circuits
FROM resilience_circuit WHERE name = ANY ($1::text[])`;
const insert = `
INSERT INTO resilience_circuit (name, version, circuit) VALUES ($1, 1, $2) ON CONFLICT (name) DO NOTHING`;
const replace = `
UPDATE resilience_circuit SET version = version + 1, circuit = $2, changed_at = clock_timestamp()
WHERE name = $1 AND version = $3`;

/**
 * Circuits in the service's own database; time is the server's. Its tables are in `migrations/`, part `circuit`.
 *
 * @param pool better one of its own, with two connections: waiting for a busy one would look like an outage
 */
export function createPostgresCircuitStore(pool: pg.Pool): CircuitStore {
  return {
    async read(names) {
      const { rows } = await queryWithin(pool, readAll, [names]);
      const { now, circuits } = readingSchema.parse(rows[0]);
      return { now, circuits: new Map(Object.entries(circuits)) };
    },
    async swap(name, version, circuit) {
      const { rowCount } =
        version === 0
          ? await queryWithin(pool, insert, [name, circuit])
          : await queryWithin(pool, replace, [name, circuit, version]);
      return rowCount === 1;
    },
  };
}
