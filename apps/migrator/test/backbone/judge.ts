import { setTimeout as sleep } from 'node:timers/promises';

import type { DrillContext } from '@newscience/measure/drill';
import { eventually } from '@newscience/testing/eventually';

import { type Running, settled } from './running.ts';
import {
  caughtUp,
  effects,
  type Finding,
  leftOver,
  lost,
  onTheBus,
  withoutEffect,
} from './verdict.ts';

const PATIENCE_MS = 90_000;
const GROUP = 'drill';

/**
 * Waits until everything has arrived and states what must be true then; delivers all of it once more, and states
 * that nothing came of it.
 */
export async function judge(context: DrillContext, running: Running): Promise<void> {
  const { writer, consumer, outbox, bus } = running;
  const state = (name: string, { count, examples }: Finding): void =>
    context.invariant(name, count, examples);
  const stopped = performance.now();
  const left = await settled(running, PATIENCE_MS);
  context.event(left.count === 0 ? 'the consumer has it all' : 'nothing more arrives');
  context.record('until the consumer had it all', (performance.now() - stopped) / 1000, 's');
  // The last batches may be handled and not yet ticked off.
  await caughtUp(bus, GROUP, PATIENCE_MS).catch(() => undefined);
  await eventually(
    async () => {
      const { count, examples } = await leftOver(consumer, outbox);
      if (count > 0) throw new Error(examples);
    },
    { withinMs: PATIENCE_MS, everyMs: 250 },
  ).catch(() => undefined);

  const had = await effects(consumer);
  const published = await onTheBus(bus);
  const { changes, committed, rolledBack, unknown } = writer.counts();
  context.record('legacy transactions: committed', committed, 'transactions');
  context.record('legacy transactions: rolled back', rolledBack, 'transactions');
  context.record('legacy transactions: cut off', unknown, 'transactions');
  context.record('articles written, updated, withdrawn', changes, 'changes');
  context.record('events on the bus', published.ids.size, 'events');
  context.record('events published again', published.deliveries - published.ids.size, 'events');
  context.record('effects', had.count, 'effects');

  state('articles at the consumer are as in the legacy database', left);
  state('each event has one effect', had.repeated);
  state('each event on the bus has had its effect', withoutEffect(published, had));
  state('effects of an article are in order', had.outOfOrder);
  state('each confirmed change has arrived', lost(writer.confirmed(), had));
  state('nothing waits, nothing is dead', await leftOver(consumer, outbox));
  await deliverAgain(running);
  context.event('everything was delivered once more');
  const again = await effects(consumer);
  context.invariant(
    'delivered once more from the start, no event has another effect',
    again.count - had.count,
  );
  const endings = Object.entries(running.services).flatMap(([name, service]) =>
    service.endings().map((ending) => `${name}: ${ending}`),
  );
  state('no process ends that was not killed', {
    count: endings.length,
    examples: endings.slice(0, 3).join('; '),
  });
}

/** Sets the group back to the start of the log, and waits until its members have been through it again. */
async function deliverAgain({ bus, consumers }: Running): Promise<void> {
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  for (const { topic, partition } of await bus.lag(GROUP)) {
    await eventually(
      async () => {
        const moved = await bus.seek(GROUP, { topic, partition }, 'earliest');
        if (!moved.ok) throw new Error(moved.error.detail);
      },
      { withinMs: 30_000, everyMs: 250 },
    );
  }
  await Promise.all(consumers.map((consumer) => consumer.start()));
  await caughtUp(bus, GROUP, PATIENCE_MS);
  await sleep(500);
}
