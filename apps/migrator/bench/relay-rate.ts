import type { EventBus } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { append } from '@newscience/outbox/outbox';
import { startRelay } from '@newscience/outbox/relay';
import { withTransaction } from '@newscience/service-kit/postgres';

import { type BenchSite, logger, perSecond, timed } from './site.ts';

/** Writes events into the outbox, a thousand in each transaction. */
export async function fillOutbox(
  { pool }: Pick<BenchSite, 'pool'>,
  events: readonly CloudEvent[],
): Promise<void> {
  for (let from = 0; from < events.length; from += 1000)
    await withTransaction(pool, (client) => append(client, events.slice(from, from + 1000)));
}

/** Events that one relay publishes in a second, from a full outbox to an empty one. */
export async function relayRate(
  site: Pick<BenchSite, 'url' | 'pool'>,
  bus: Pick<EventBus, 'publish'>,
  events: readonly CloudEvent[],
  batchEvents: number,
): Promise<number> {
  await fillOutbox(site, events);
  let published = 0;
  let done = (): void => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const counting: Pick<EventBus, 'publish'> = {
    publish: async (batch) => {
      await bus.publish(batch);
      published += batch.length;
      if (published >= events.length) done();
    },
  };
  const milliseconds = await timed(async () => {
    const relay = startRelay({
      ...{ databaseUrl: site.url, applicationName: 'bench-relay', logger },
      ...{ bus: counting, batchEvents },
    });
    await all;
    await relay.stop(); // with the removal of the last batch
  });
  const { rowCount } = await site.pool.query('SELECT 1 FROM outbox LIMIT 1');
  if (rowCount !== 0) throw new Error('The relay has left something in the outbox.');
  return perSecond(events.length, milliseconds);
}
