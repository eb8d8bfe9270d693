import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';

import type { OpenReason } from './domain/circuit.ts';
import type { CircuitChanged, Listener, ResilienceEvent } from './events.ts';

export type ObserveOptions = { readonly logger: Logger; readonly metrics?: Metrics };

/** Upper bounds in seconds: from what nobody notices to what nobody waits for. */
const waitBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];
const circuitStates = ['closed', 'open', 'half-open', 'isolated'] as const;

/**
 * A listener for the option `on` of all policies of a service: one for all of them, because a registry takes each
 * metric once. It logs what somebody may have to know, and counts everything.
 */
export function createObserver({ logger, metrics }: ObserveOptions): Listener {
  const count = metrics === undefined ? undefined : createCounters(metrics);
  return (event) => {
    count?.(event);
    log(logger, event);
  };
}

/** Which counts in which window, in words. */
export function reasonText(reason: OpenReason): string {
  switch (reason.rule) {
    case 'consecutive-failures':
      return `${reason.failures} failures in a row`;
    case 'count-window':
    case 'time-window': {
      const what = reason.counts === 'failures' ? 'failed' : 'were slow';
      const window =
        reason.rule === 'count-window' ? `the last ${reason.window} calls` : `${reason.window} ms`;
      return `${reason.bad} of ${reason.calls} calls ${what}, in ${window}; it opens from ${reason.ratio} on`;
    }
    case 'probe-failed':
      return `a probe of ${reason.by} failed`;
    case 'probe-silent':
      return `a probe of ${reason.by} gave no answer in its time`;
  }
}

function logChange(logger: Logger, event: CircuitChanged): void {
  const { policy, from, to, generation, scope, reason, openForMs, why } = event;
  const about = { circuit: policy, from, to, generation, scope };
  if (to === 'open' && reason !== undefined)
    logger.warn({ ...about, reason, openForMs, because: reasonText(reason) }, 'circuit opened');
  else if (to === 'isolated') logger.warn({ ...about, why }, 'circuit isolated');
  else if (to === 'closed') logger.info(about, 'circuit closed');
  else logger.info(about, 'circuit half-open');
}

function log(logger: Logger, event: ResilienceEvent): void {
  switch (event.type) {
    case 'circuit-changed':
      logChange(logger, event);
      break;
    case 'store-away': {
      const { policy, applies, error } = event;
      logger.warn({ policy, applies, err: error }, 'shared state cannot be reached');
      break;
    }
    case 'store-back':
      logger.info({ policy: event.policy, awayMs: event.awayMs }, 'shared state is back');
      break;
    case 'tokens-penalised':
      logger.warn({ policy: event.policy, forMs: event.forMs }, 'told to stay away');
      break;
    case 'delivery-switched':
      logger.info({ policy: event.policy, to: event.to, why: event.why }, 'delivery switched');
      break;
    case 'delivery-ended':
      logDelivery(logger, event);
      break;
    case 'retry-ended': {
      const { policy, attempts, because, error } = event;
      logger.debug({ policy, attempts, because, err: error }, 'no further attempt');
      break;
    }
    // These are counted. A line for each would be a flood in the very moment when the log is needed.
    case 'circuit-made':
    case 'circuit-rejected':
    case 'retry-scheduled':
    case 'timeout-exceeded':
    case 'bulkhead-rejected':
    case 'bulkhead-waited':
    case 'tokens-short':
    case 'tokens-waited':
    case 'fallback-used':
    case 'hedge-started':
      break;
  }
}

function logDelivery(
  logger: Logger,
  event: Extract<ResilienceEvent, { type: 'delivery-ended' }>,
): void {
  const { policy, id, attempts, outcome, error } = event;
  if (outcome === 'dead') logger.error({ policy, id, attempts, err: error }, 'delivery given up');
  else if (outcome === 'failed')
    logger.debug({ policy, id, attempts, err: error }, 'delivery failed');
}

function createCounters(metrics: Metrics): Listener {
  const states = metrics.gauge(
    'resilience_circuit_state',
    '1 for the state in which a circuit is, as this instance sees it.',
    ['circuit', 'state'],
  );
  const transitions = metrics.counter(
    'resilience_circuit_transitions_total',
    'Changes of state that this instance has seen.',
    ['circuit', 'from', 'to', 'scope'],
  );
  const rejections = metrics.counter(
    'resilience_rejections_total',
    'Calls that a policy refused, by its kind and the reason.',
    ['policy', 'kind', 'reason'],
  );
  const retries = metrics.counter('resilience_retries_total', 'Attempts after the first.', [
    'policy',
  ]);
  const givenUp = metrics.counter(
    'resilience_retries_ended_total',
    'Failed calls that are not tried again, by the reason.',
    ['policy', 'reason'],
  );
  const waits = metrics.histogram(
    'resilience_wait_seconds',
    'Time that calls waited for a retry, a place or a token.',
    ['policy', 'kind'],
    waitBuckets,
  );
  const fallbacks = metrics.counter(
    'resilience_fallbacks_total',
    'Calls that were answered instead.',
    ['policy'],
  );
  const hedges = metrics.counter('resilience_hedges_total', 'Second attempts of slow calls.', [
    'policy',
  ]);
  const penalties = metrics.counter(
    'resilience_penalties_total',
    'Times that the called party said to stay away.',
    ['policy'],
  );
  const away = metrics.gauge('resilience_store_away', '1 while shared state cannot be reached.', [
    'policy',
  ]);
  const deliveries = metrics.counter('resilience_deliveries_total', 'Attempts of deliveries.', [
    'policy',
    'outcome',
  ]);
  const show = (circuit: string, now: CircuitChanged['to']): void => {
    for (const state of circuitStates) states.set({ circuit, state }, state === now ? 1 : 0);
  };
  const refuse = (policy: string, kind: string, reason: string): void =>
    rejections.inc({ policy, kind, reason });
  const wait = (policy: string, kind: string, ms: number): void =>
    waits.observe({ policy, kind }, ms / 1000);

  return (event) => {
    const { policy } = event;
    switch (event.type) {
      case 'circuit-made':
        show(policy, 'closed');
        break;
      case 'circuit-changed':
        show(policy, event.to);
        transitions.inc({ circuit: policy, from: event.from, to: event.to, scope: event.scope });
        break;
      case 'circuit-rejected':
        refuse(policy, 'circuit', event.state);
        break;
      case 'retry-scheduled':
        retries.inc({ policy });
        wait(policy, 'retry', event.waitMs);
        break;
      case 'retry-ended':
        givenUp.inc({ policy, reason: event.because });
        break;
      case 'timeout-exceeded':
        refuse(policy, 'time-out', event.mode);
        break;
      case 'bulkhead-rejected':
        refuse(policy, 'bulkhead', event.because);
        break;
      case 'bulkhead-waited':
        wait(policy, 'bulkhead', event.waitedMs);
        break;
      case 'tokens-short':
        refuse(policy, 'bucket', event.because);
        break;
      case 'tokens-waited':
        wait(policy, 'bucket', event.waitedMs);
        break;
      case 'tokens-penalised':
        penalties.inc({ policy });
        break;
      case 'fallback-used':
        fallbacks.inc({ policy });
        break;
      case 'hedge-started':
        hedges.inc({ policy });
        break;
      case 'store-away':
        away.set({ policy }, 1);
        break;
      case 'store-back':
        away.set({ policy }, 0);
        break;
      case 'delivery-ended':
        deliveries.inc({ policy, outcome: event.outcome });
        break;
      case 'delivery-switched':
        break;
    }
  };
}
