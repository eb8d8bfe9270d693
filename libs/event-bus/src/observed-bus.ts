import { topicOf } from '@newscience/event-contracts/envelope';
import { codeOf } from '@newscience/service-kit/error-text';
import type { Metrics } from '@newscience/service-kit/metrics';

import type {
  Claim,
  Delivery,
  EventBus,
  Lag,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from './bus.ts';

const LAG_EVERY_MS = 10_000;
const SHARE_EVERY_MS = 1000;

type Timing = { readonly lagEveryMs?: number; readonly shareEveryMs?: number };

/** A bus that counts what goes through it; one a registry, whatever the adapter. */
export function observed(
  bus: EventBus,
  metrics: Metrics,
  { lagEveryMs = LAG_EVERY_MS, shareEveryMs = SHARE_EVERY_MS }: Timing = {},
): EventBus {
  const count = counters(metrics);
  const subscriptions = new Map<Subscription, { readonly group: string; share: string }>();
  const groups = (): Set<string> => new Set([...subscriptions.values()].map(({ group }) => group));

  const watched = async <T>(operation: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      count.errors.inc({ operation, code: codeOf(error) || 'unknown' });
      throw error;
    }
  };

  const asking = new Set<string>();
  const sampleLag = async (group: string): Promise<void> => {
    // While brokers are away an answer takes longer than the time between two questions.
    if (asking.has(group)) return;
    asking.add(group);
    const lag = await watched('lag', bus.lag(group)).catch(() => []);
    asking.delete(group);
    if (groups().has(group)) count.setLag(group, lag);
  };

  const sampleShares = (): void => {
    const held = new Map<string, number>();
    for (const [subscription, known] of subscriptions) {
      const places = subscription.assigned();
      held.set(known.group, (held.get(known.group) ?? 0) + places.length);
      const share = places
        .map(({ topic, partition }) => `${topic}/${partition}`)
        .sort()
        .join();
      if (share !== known.share) count.rebalances.inc({ group: known.group });
      known.share = share;
    }
    for (const [group, partitions] of held) count.share.set({ group }, partitions);
  };

  const timers = [
    setInterval(() => groups().forEach((group) => void sampleLag(group)), lagEveryMs),
    setInterval(sampleShares, shareEveryMs),
  ];
  timers.forEach((timer) => timer.unref());

  const subscribe = async (options: SubscribeOptions): Promise<Subscription> => {
    const { group } = options;
    const subscription = await bus.subscribe({ ...options, handle: counting(options, count) });
    subscriptions.set(subscription, { group, share: '' });
    sampleShares();
    void sampleLag(group);
    return {
      assigned: () => subscription.assigned(),
      stop: async () => {
        await subscription.stop();
        subscriptions.delete(subscription);
        // Another member's numbers are the true ones from now on.
        if (!groups().has(group)) count.forget(group);
      },
    };
  };

  return {
    ...bus,
    declareTopics: (topics) => watched('declare', bus.declareTopics(topics)),
    publish: async (batch) => {
      const end = count.publishSeconds.startTimer();
      await watched('publish', bus.publish(batch));
      end();
      for (const { type } of batch) count.published.inc({ topic: topicOf(type) ?? '' });
    },
    subscribe: (options) => watched('subscribe', subscribe(options)),
    close: async () => {
      timers.forEach((timer) => clearInterval(timer));
      await bus.close();
    },
  };
}

type Counters = ReturnType<typeof counters>;

function counters(metrics: Metrics) {
  const published = metrics.counter('event_bus_published_total', 'Events that the bus took.', [
    'topic',
  ]);
  const publishSeconds = metrics.histogram(
    'event_bus_publish_seconds',
    'Time for a batch that the bus took.',
  );
  const delivered = metrics.counter(
    'event_bus_delivered_total',
    'Events that were handed to the handler, repetitions too.',
    ['group', 'topic'],
  );
  const redelivered = metrics.counter(
    'event_bus_redelivered_total',
    'Events that this member was handed before.',
    ['group', 'topic'],
  );
  const lag = metrics.gauge('event_bus_lag_events', 'Positions that the group is behind.', [
    ...(['group', 'topic', 'partition'] as const),
  ]);
  const share = metrics.gauge('event_bus_assigned_partitions', 'Partitions of this member.', [
    'group',
  ]);
  const rebalances = metrics.counter(
    'event_bus_rebalances_total',
    'Changes of the partitions of this member, looked at every second.',
    ['group'],
  );
  const fenced = metrics.counter(
    'event_bus_fenced_total',
    'Partitions that were lost while this member worked on them.',
    ['group'],
  );
  const errors = metrics.counter(
    'event_bus_errors_total',
    'What the bus rejected, and batches that a handler rejected.',
    ['operation', 'code'],
  );
  const known = new Map<string, readonly TopicPartition[]>();
  const forget = (group: string): void => {
    share.set({ group }, 0);
    for (const { topic, partition } of known.get(group) ?? [])
      lag.remove({ group, topic, partition });
    known.delete(group);
  };
  const setLag = (group: string, found: readonly Lag[]): void => {
    known.set(group, found);
    for (const { topic, partition, behind } of found)
      lag.set({ group, topic, partition }, Number(behind));
  };
  return {
    ...{ published, publishSeconds, delivered, redelivered, share, rebalances },
    ...{ fenced, errors, forget, setLag },
  };
}

/** The handler of a subscription, with its deliveries counted. */
function counting({ group, handle }: SubscribeOptions, count: Counters) {
  const seen = new WeakSet<Claim>();
  return async (batch: readonly Delivery[], claim: Claim): Promise<void> => {
    const { topic } = claim;
    if (!seen.has(claim)) {
      seen.add(claim);
      claim.signal.addEventListener('abort', () => count.fenced.inc({ group }), { once: true });
    }
    count.delivered.inc({ group, topic }, batch.length);
    const again = batch.filter(({ attempt }) => attempt > 1).length;
    if (again > 0) count.redelivered.inc({ group, topic }, again);
    try {
      await handle(batch, claim);
    } catch (error) {
      if (!claim.signal.aborted)
        count.errors.inc({ operation: 'handle', code: codeOf(error) || 'unknown' });
      throw error;
    }
  };
}
