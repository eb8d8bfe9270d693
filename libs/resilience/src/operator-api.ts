import type { Logger } from '@newscience/service-kit/logging';
import { expressPath } from '@newscience/service-kit/openapi';
import { claimsOf, requireRole, type TokenVerifier } from '@newscience/service-kit/operator-auth';
import { ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import { type Request, Router } from 'express';

import type { CircuitBreaker } from './circuit-breaker.ts';
import { reasonText } from './observe.ts';
import * as operations from './operator-operations.ts';
import type { CircuitJson, Overview } from './operator-operations.ts';
import type { ResilienceRegistry } from './registry.ts';

export { resilienceOperations, resilienceProblems } from './operator-operations.ts';

export type OperatorApiOptions = {
  readonly registry: ResilienceRegistry;
  readonly verifyToken: TokenVerifier;
  /** Who did what, and why, is a line of the log. */
  readonly logger: Logger;
};

/** `/admin/resilience` of a service, for operators: what its policies are doing, isolate and reset, pause and resume. */
export function resilienceRoutes({ registry, verifyToken, logger }: OperatorApiOptions): Router {
  const router = Router();
  const operator = requireRole(verifyToken, ['operator']);
  const noted = (req: Request, action: string, name: string, why: string): void => {
    const { sub, name: actor } = claimsOf(req);
    logger.warn({ action, policy: name, why, actorId: sub, actor }, 'operator action');
  };

  const { showResilience, isolateCircuit, resetCircuit } = operations;
  router.get(expressPath(showResilience.path), operator, async (_req, res) => {
    res.set('cache-control', 'no-store').json(await overview(registry));
  });

  for (const operation of [isolateCircuit, resetCircuit])
    router.post(expressPath(operation.path), operator, async (req, res) => {
      const { params, body } = parseRequest(req, operation);
      const circuit = named(registry.all().circuits, params.name);
      const isolates = operation === isolateCircuit;
      await whileStoreAnswers(circuit, () =>
        isolates ? circuit.isolate(body.why) : circuit.reset(),
      );
      noted(req, operation.operationId, params.name, body.why);
      res.json(circuitJson(circuit));
    });

  for (const operation of [operations.pauseDelivery, operations.resumeDelivery])
    router.post(expressPath(operation.path), operator, async (req, res) => {
      const { params, body } = parseRequest(req, operation);
      const delivery = named(registry.all().deliveries, params.name);
      if (operation === operations.pauseDelivery) await delivery.pause(body.why);
      else await delivery.resume();
      noted(req, operation.operationId, params.name, body.why);
      res.status(204).end();
    });
  return router;
}

function named<P extends { readonly name: string }>(policies: readonly P[], name: string): P {
  const found = policies.find((policy) => policy.name === name);
  if (found !== undefined) return found;
  throw new ProblemError({
    code: 'policy_not_found',
    detail: `There is no policy called ${name} here.`,
  });
}

async function overview(registry: ResilienceRegistry): Promise<Overview> {
  const { circuits, buckets, bulkheads, deliveries } = registry.all();
  return {
    circuits: circuits.map(circuitJson),
    // While the database is away the rest of the page is needed most.
    buckets: await Promise.all(
      buckets.map(async (bucket) => ({
        name: bucket.name,
        tokens: await bucket.tokens().catch(() => null),
      })),
    ),
    bulkheads: bulkheads.map((bulkhead) => ({ name: bulkhead.name, ...bulkhead.view() })),
    deliveries: await Promise.all(
      deliveries.map(async (delivery) => ({
        name: delivery.name,
        state: await delivery
          .state()
          .then(({ paused, ...state }) => ({ ...state, paused: paused ?? null }))
          .catch(() => null),
      })),
    ),
  };
}

/** What holds for all instances cannot be said while they have no place for it. */
async function whileStoreAnswers(circuit: CircuitBreaker, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw new ProblemError({
      code: 'unavailable',
      detail: `The shared state of ${circuit.name} cannot be changed right now. Try again in a moment.`,
      ...{ retryable: true, retryAfterSeconds: 1, cause: error },
    });
  }
}

function circuitJson(circuit: CircuitBreaker): CircuitJson {
  const view = circuit.view();
  const { name } = circuit;
  return view.kind === 'open'
    ? { name, ...view, reason: reasonText(view.reason) }
    : { name, ...view };
}
