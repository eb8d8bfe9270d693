import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type DrillContext, defineDrill } from '@newscience/measure/drill';

import { judge } from '../test/backbone/judge.ts';
import { POLL_MS, type Running, startBackbone } from '../test/backbone/running.ts';
import { effects } from '../test/backbone/verdict.ts';

/** Something that goes away; the result brings it back. */
type Outage = {
  readonly what: string;
  readonly begin: () => Promise<() => Promise<void>>;
};

/**
 * Takes bus, databases and broker away under load, one after the other and for long, and brings them back. Nothing
 * is restarted: the processes have to ride it out.
 */
export const drill = defineDrill({
  name: 'outage-backbone',
  summary: 'Takes bus, databases and broker away under load, one after the other.',
  parameters: {
    seconds: { default: 30, summary: 'how long each is away' },
    calm: { default: 3, summary: 'seconds before, between and after' },
    seed: { default: 1, summary: 'of the changes' },
    articles: { default: 300, summary: 'that are written and changed' },
    rate: { default: 100, summary: 'changes in a second' },
  },
  choices: {
    bus: { default: 'postgres', oneOf: ['postgres', 'kafka'], summary: 'the engine of the bus' },
    producer: {
      default: 'capture',
      oneOf: ['capture', 'outbox'],
      summary: 'who tells: the migrator, or an outbox that is written with the articles',
    },
  },
  run: async (context) => {
    const folder = join(context.folder, 'site');
    mkdirSync(folder);
    context.event('starting');
    const running = await startBackbone({
      ...{ folder, cleanUp: context.cleanUp, breaks: 'nothing', snapshotKills: 0 },
      bus: context.choice('bus') === 'kafka' ? 'kafka' : 'postgres',
      producer: context.choice('producer') === 'outbox' ? 'outbox' : 'capture',
      seed: context.parameter('seed'),
      articles: context.parameter('articles'),
      perSecond: context.parameter('rate'),
    });
    context.event('the consumer has what there was; from here on articles change');
    const calmMs = context.parameter('calm') * 1000;
    running.writer.start();
    for (const { what, begin } of outagesOf(running)) {
      await sleep(calmMs);
      const end = await begin();
      context.event(`${what}: away`);
      await sleep(context.parameter('seconds') * 1000);
      await end();
      context.event(`${what}: back`);
      await catchUp(context, running, what);
    }
    await sleep(calmMs);
    await running.writer.stop();
    context.event('nothing is written any more');
    await judge(context, running);
  },
});

function outagesOf({ site }: Running): Outage[] {
  const { postgres, kafka } = site;
  const database = (what: string, name: string): Outage => ({
    what,
    begin: () => postgres.takeAway(name),
  });
  const bus: Outage =
    kafka === undefined
      ? database('the database of the bus', 'bus')
      : {
          what: 'the broker',
          begin: async () => {
            await kafka.crash();
            return () => kafka.start();
          },
        };
  return [
    bus,
    database("the consumer's database", site.consumer.name),
    ...(site.outbox === site.legacy ? [] : [database("the migrator's database", site.outbox.name)]),
    database('the legacy database', site.legacy.name),
    {
      what: 'PostgreSQL',
      begin: async () => {
        await postgres.stop();
        return () => postgres.start();
      },
    },
  ];
}

/** Measures how long it takes until everything has arrived that was confirmed so far; goes on after two minutes. */
async function catchUp(context: DrillContext, running: Running, what: string): Promise<void> {
  const wanted = [...running.writer.confirmed()];
  const started = performance.now();
  const deadline = started + 120_000;
  for (;;) {
    const { names } = await effects(running.consumer);
    if (wanted.every((name) => names.has(name))) break;
    if (performance.now() > deadline) {
      context.event(`${what}: not caught up after two minutes`);
      return;
    }
    await sleep(POLL_MS / 5);
  }
  const seconds = (performance.now() - started) / 1000;
  context.record(`caught up after ${what} was back`, seconds, 's');
  context.event(`${what}: caught up`);
}
