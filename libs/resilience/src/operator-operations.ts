import { defineOperation } from '@newscience/service-kit/openapi';
import type { Problems } from '@newscience/service-kit/problem';
import { z } from 'zod';

/** For the service's catalogue: `defineProblems({ ...resilienceProblems })`. */
export const resilienceProblems = {
  policy_not_found: { status: 404, title: 'No such policy' },
} as const satisfies Problems;

const circuitSchema = z
  .object({
    name: z.string(),
    kind: z.enum(['closed', 'open', 'half-open', 'isolated']),
    scope: z.enum(['local', 'shared']),
    generation: z.int(),
    store: z.enum(['reachable', 'away']).optional(),
    forMs: z
      .number()
      .optional()
      .meta({ description: 'How long it is open yet; 0: the next call probes' }),
    reason: z.string().optional().meta({ description: 'Why it opened, with the counts' }),
    opens: z.int().optional().meta({ description: 'How often in a row' }),
    probes: z.int().optional().meta({ description: 'Probes under way' }),
    successes: z.int().optional().meta({ description: 'Probes that went well' }),
    votes: z.int().optional().meta({ description: 'Instances that want it open' }),
    why: z.string().optional().meta({ description: 'What was said when it was isolated' }),
  })
  .meta({ id: 'Circuit' });
const bucketSchema = z.object({ name: z.string(), tokens: z.number().nullable() }).meta({
  id: 'TokenBucket',
  description: 'Less than 0: promised already. Null: cannot be told now',
});
const bulkheadSchema = z
  .object({
    ...{ name: z.string(), running: z.int(), concurrency: z.int() },
    ...{ queued: z.int(), queue: z.int() },
  })
  .meta({ id: 'Bulkhead' });
const deliverySchema = z
  .object({
    name: z.string(),
    state: z
      .object({
        ...{ waiting: z.int(), dead: z.int(), oldestMs: z.number() },
        paused: z.object({ why: z.string() }).nullable(),
      })
      .nullable()
      .meta({ description: 'Null: cannot be told now' }),
  })
  .meta({ id: 'ThrottledDelivery' });
const overviewSchema = z.object({
  circuits: z.array(circuitSchema),
  buckets: z.array(bucketSchema),
  bulkheads: z.array(bulkheadSchema),
  deliveries: z.array(deliverySchema),
});
export type Overview = z.output<typeof overviewSchema>;
export type CircuitJson = z.output<typeof circuitSchema>;

const common = { tags: ['resilience'], security: ['bearer'] } as const;
const params = z.object({ name: z.string().min(1).max(200) });
const body = z.strictObject({ why: z.string().trim().min(3).max(500) });

export const showResilience = defineOperation({
  ...common,
  method: 'get',
  path: '/admin/resilience',
  operationId: 'showResilience',
  summary: 'Circuits, buckets, bulkheads and queues, as this instance sees them',
  responses: { 200: { description: 'All policies', schema: overviewSchema } },
});

export const isolateCircuit = defineOperation({
  ...common,
  method: 'post',
  path: '/admin/resilience/circuits/{name}/isolate',
  operationId: 'isolateCircuit',
  summary: 'Let no call through, until the circuit is reset',
  params,
  body,
  responses: {
    200: { description: 'As it is now', schema: circuitSchema },
    404: 'policy_not_found',
  },
});

export const resetCircuit = defineOperation({
  ...common,
  method: 'post',
  path: '/admin/resilience/circuits/{name}/reset',
  operationId: 'resetCircuit',
  summary: 'Close the circuit, whatever it was, and forget what was counted',
  params,
  body,
  responses: {
    200: { description: 'As it is now', schema: circuitSchema },
    404: 'policy_not_found',
  },
});

export const pauseDelivery = defineOperation({
  ...common,
  method: 'post',
  path: '/admin/resilience/deliveries/{name}/pause',
  operationId: 'pauseDelivery',
  summary: 'Deliver nothing, until the queue is resumed',
  params,
  body,
  responses: { 204: { description: 'Paused' }, 404: 'policy_not_found' },
});

export const resumeDelivery = defineOperation({
  ...common,
  method: 'post',
  path: '/admin/resilience/deliveries/{name}/resume',
  operationId: 'resumeDelivery',
  summary: 'Deliver again',
  params,
  body,
  responses: { 204: { description: 'Resumed' }, 404: 'policy_not_found' },
});

/** For the service's OpenAPI document. */
export const resilienceOperations = [
  showResilience,
  isolateCircuit,
  resetCircuit,
  pauseDelivery,
  resumeDelivery,
];
