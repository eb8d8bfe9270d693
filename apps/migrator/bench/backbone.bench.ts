import type { EventBus } from '@newscience/event-bus/bus';
import { connectBus } from '@newscience/event-bus/connect';
import { topics } from '@newscience/event-contracts/topics';
import { type BenchmarkContext, defineBenchmark } from '@newscience/measure/benchmark';
import { append } from '@newscience/outbox/outbox';
import { startRelay } from '@newscience/outbox/relay';
import { withTransaction } from '@newscience/service-kit/postgres';
import { dockerMissing, kafkaImage, startKafkaEngine } from '@newscience/testing/kafka-engine';

import { articleEvent, articleEvents } from '../test/backbone/article-events.ts';
import { openCapture } from './capture.ts';
import { ceiling } from './ceiling.ts';
import { consumerRate, deliveryRate } from './consumer-rate.ts';
import { latency } from './latency.ts';
import { relayRate } from './relay-rate.ts';
import { type BenchSite, logger, openSite } from './site.ts';

const ARTICLES = 2000;
/** Between two changes whose latency is measured. */
const EVERY_MS = 20;

/**
 * What the backbone carries, embedded, with durable PostgreSQL: relay, bus and consumer share the machine's cores
 * with it, as in `npm start`.
 */
export const benchmark = defineBenchmark({
  name: 'backbone',
  summary: 'Relay, bus and consumer: events per second and latency, beside plain COPY and INSERT.',
  rounds: 3,
  parameters: {
    events: { default: 20_000, summary: 'events of each measurement' },
    singles: { default: 1_000, summary: 'events where each is sent for itself' },
    bytes: { default: 500, summary: "length of an article's text" },
    changes: { default: 300, summary: 'changes whose latency is measured' },
  },
  wanted: [
    {
      name: 'relay, batched: at least 10,000 events a second',
      anyOf: [{ figure: 'relay, batched', atLeast: 10_000 }],
    },
    {
      name: 'from legacy commit to consumer: p50 under 50 ms',
      anyOf: [{ figure: 'latency, legacy commit to consumer: p50', atMost: 50 }],
    },
  ],
  run: async (context) => {
    context.progress('starting PostgreSQL');
    const site = await openSite(context.cleanUp);
    context.version('postgres', site.postgresVersion);
    const kafka = await openKafka(context);
    const next = eventSource(context);
    context.progress('starting the migrator on a legacy database of its own');
    const capture = await openCapture(context.cleanUp);
    for (let round = 1; round <= context.rounds; round++) {
      const step = (text: string) =>
        context.progress(`round ${round} of ${context.rounds}: ${text}`);
      await measureRelay(context, site, next, step);
      await measureConsumer(context, site, 'PostgreSQL', site.bus, next, step);
      if (kafka !== undefined) await measureConsumer(context, site, 'Kafka', kafka, next, step);
      step('ceiling');
      const most = await ceiling(
        site,
        next(context.parameter('events')),
        context.parameter('singles'),
      );
      context.record('ceiling: COPY', most.copy, 'rows/s');
      context.record('ceiling: INSERT, 500 a transaction', most.insertBatches, 'rows/s');
      context.record('ceiling: INSERT, one a transaction', most.insertSingle, 'rows/s');
      step('latency from the outbox');
      await measureOutboxLatency(context, site);
      step('latency from the legacy database');
      const { p50, p99 } = await capture.latency(context.parameter('changes'), EVERY_MS);
      context.record('latency, legacy commit to consumer: p50', p50, 'ms');
      context.record('latency, legacy commit to consumer: p99', p99, 'ms');
      step('capture at full speed');
      const count = context.parameter('changes') * 2;
      const single = await capture.throughput(count, 1);
      context.record('capture, one article a legacy transaction', single, 'changes/s');
      const imported = await capture.throughput(count * 2, 100);
      context.record('capture, 100 articles a legacy transaction', imported, 'changes/s');
    }
  },
});

type Next = (count: number) => ReturnType<typeof articleEvents>;
type Step = (text: string) => void;

/** Events that have not been there before, because an inbox would pass the others by. */
function eventSource(context: BenchmarkContext): Next {
  let from = 0;
  const bodyBytes = context.parameter('bytes');
  return (count) => {
    const events = articleEvents(count, { articles: ARTICLES, bodyBytes, from });
    from += count;
    return events;
  };
}

async function openKafka(context: BenchmarkContext): Promise<EventBus | undefined> {
  const missing = await dockerMissing();
  if (missing !== undefined) {
    context.version('kafka', `left out: ${missing}`);
    return undefined;
  }
  context.progress('starting Kafka');
  const broker = await startKafkaEngine('bench-backbone');
  context.cleanUp(() => broker.remove());
  context.version('kafka', kafkaImage);
  const bus = await connectBus({ url: broker.url, name: 'bench', logger });
  context.cleanUp(() => bus.close());
  await bus.declareTopics(topics);
  return bus;
}

async function measureRelay(
  context: BenchmarkContext,
  site: BenchSite,
  next: Next,
  step: Step,
): Promise<void> {
  step('relay, batched');
  const events = next(context.parameter('events'));
  context.record('an event', Buffer.byteLength(JSON.stringify(events.at(-1))), 'bytes');
  context.record('relay, batched', await relayRate(site, site.bus, events, 500), 'events/s');
  step('relay, one by one');
  const singles = next(context.parameter('singles'));
  context.record('relay, one by one', await relayRate(site, site.bus, singles, 1), 'events/s');
}

async function measureConsumer(
  context: BenchmarkContext,
  site: BenchSite,
  name: string,
  bus: EventBus,
  next: Next,
  step: Step,
): Promise<void> {
  const count = context.parameter('events');
  step(`${name} delivers`);
  context.record(`${name} alone delivers`, await deliveryRate(bus, next(count)), 'events/s');
  step(`consumer on ${name}`);
  const rate = await consumerRate(site, bus, next(count / 4));
  context.record(`consumer on ${name}, each effect once`, rate, 'events/s');
}

async function measureOutboxLatency(context: BenchmarkContext, site: BenchSite): Promise<void> {
  const relay = startRelay({
    ...{ databaseUrl: site.url, applicationName: 'bench-relay', bus: site.bus, logger },
  });
  const run = Math.random().toString(36).slice(2);
  const { p50, p99 } = await latency(site, site.bus, {
    count: context.parameter('changes'),
    everyMs: EVERY_MS,
    commit: async (n) => {
      const id = `latency-${run}-${n}`;
      await withTransaction(site.pool, (client) =>
        append(client, [articleEvent(id, 1, context.parameter('bytes'))]),
      );
      return `${id}/1`;
    },
  }).finally(() => relay.stop());
  context.record('latency, outbox commit to consumer: p50', p50, 'ms');
  context.record('latency, outbox commit to consumer: p99', p99, 'ms');
}
