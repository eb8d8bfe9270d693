import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { routeStageChanged } from '@newscience/event-contracts/route/stage-changed';
import { topics } from '@newscience/event-contracts/topics';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics, type Metrics } from '@newscience/service-kit/metrics';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';

import type { EventBus } from '../src/bus.ts';
import { observed } from '../src/observed-bus.ts';
import { createPostgresBus } from '../src/postgres/postgres-bus.ts';
import { busDatabase } from './test-bus.ts';

const logger = createLogger({ service: 'event-bus-test', level: 'silent' });
const topic = 'newscience.route';
const { example } = routeStageChanged;
let database: TestDatabase;
let metrics: Metrics;
let bus: EventBus;

beforeEach(async () => {
  database = await busDatabase();
  metrics = createMetrics('test');
  const timing = { leaseMs: 600, heartbeatMs: 100 };
  const plain = createPostgresBus({ url: database.url, name: 'test', logger, timing });
  bus = observed(plain, metrics, { lagEveryMs: 30, shareEveryMs: 30 });
  await bus.declareTopics(topics);
});
afterEach(async () => {
  await bus.close();
  await database.drop();
});

/** The value of one series, labels beside `service` in the order in which they were declared. */
async function value(series: string): Promise<number | undefined> {
  const text = (await metrics.registry.metrics())
    .replaceAll(/,?service="test"/g, '')
    .replaceAll('{}', '');
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}
const becomes = (series: string, expected: number | undefined): Promise<void> =>
  eventually(async () => expect(await value(series)).toBe(expected));
const event = (n: number) => ({ ...example, id: `event/${n}` });

describe('the metrics of a bus', () => {
  it('count what is published and delivered, and tell the lag', async () => {
    await bus.publish([event(1), event(2)]);
    await bus.publish([event(3)]);
    expect(await value(`event_bus_published_total{topic="${topic}"}`)).toBe(3);
    expect(await value('event_bus_publish_seconds_count')).toBe(2);

    await bus.pause('group');
    const subscription = await bus.subscribe({
      ...{ group: 'group', topics: [topic], from: 'earliest', handle: () => Promise.resolve() },
    });
    const lag = `event_bus_lag_events{group="group",topic="${topic}",partition="0"}`;
    await becomes(lag, 3);
    await becomes('event_bus_assigned_partitions{group="group"}', 1);
    expect(await value('event_bus_rebalances_total{group="group"}')).toBe(1);
    await bus.resume('group');
    await becomes(`event_bus_delivered_total{group="group",topic="${topic}"}`, 3);
    await becomes(lag, 0);
    await subscription.stop();
    await becomes(lag, undefined);
    expect(await value('event_bus_assigned_partitions{group="group"}')).toBe(0);
    expect(await value(`event_bus_redelivered_total{group="group",topic="${topic}"}`)).toBe(
      undefined,
    );
  });

  it('count repetitions and what handlers reject', async () => {
    await bus.publish([event(1), event(2)]);
    let failures = 2;
    await bus.subscribe({
      ...{ group: 'group', topics: [topic], from: 'earliest' },
      handle: () => {
        failures -= 1;
        return failures < 0 ? Promise.resolve() : Promise.reject(new Error('not yet'));
      },
    });
    await becomes(`event_bus_redelivered_total{group="group",topic="${topic}"}`, 4);
    expect(await value(`event_bus_delivered_total{group="group",topic="${topic}"}`)).toBe(6);
    const rejected = 'event_bus_errors_total{operation="handle",code="unknown"}';
    expect(await value(rejected)).toBe(2);
  });

  it('count partitions that are lost at work', async () => {
    await bus.publish([event(1)]);
    let handled = 0;
    await bus.subscribe({
      ...{ group: 'group', topics: [topic], from: 'earliest', handlerLimitMs: 150 },
      handle: async (_, claim) => {
        handled += 1;
        if (handled === 1 && !claim.signal.aborted)
          await new Promise((resolve) => claim.signal.addEventListener('abort', resolve));
      },
    });
    await becomes('event_bus_fenced_total{group="group"}', 1);
    await eventually(() => expect(handled).toBe(2));
  });

  it('count what the bus rejects, by code', async () => {
    await expect(bus.publish([{ ...example, subject: '' }])).rejects.toThrow();
    const invalid = 'event_bus_errors_total{operation="publish",code="event_invalid"}';
    expect(await value(invalid)).toBe(1);
    expect(await value(`event_bus_published_total{topic="${topic}"}`)).toBeUndefined();
    await bus.close();
    await expect(bus.lag('group')).rejects.toMatchObject({ code: 'closed' });
    await expect(bus.declareTopics(topics)).rejects.toThrow();
    expect(await value('event_bus_errors_total{operation="declare",code="closed"}')).toBe(1);
  });
});
