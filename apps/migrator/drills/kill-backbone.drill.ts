import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { defineDrill } from '@newscience/measure/drill';
import {
  type KillReport,
  planKills,
  runKills,
  type Victim,
} from '@newscience/testing/process-killer';

import { judge } from '../test/backbone/judge.ts';
import { type Running, startBackbone } from '../test/backbone/running.ts';

/** How often each is hit, relative to the others. Whoever comes back slowly is spared a little. */
const weights: Readonly<Record<string, number>> = {
  'migrator-1': 3,
  'migrator-2': 3,
  'relay-1': 3,
  'relay-2': 2,
  'consumer-1': 3,
  'consumer-2': 3,
  postgres: 1.5,
  kafka: 1,
};

/**
 * Kills everything that the backbone is made of, again and again, while articles change, and counts afterwards.
 * Nobody is told before: SIGKILL, at instants that the seed gives.
 */
export const drill = defineDrill({
  name: 'kill-backbone',
  summary: 'SIGKILLs migrator, relay, consumers, PostgreSQL and broker while articles change.',
  parameters: {
    kills: { default: 50, summary: 'how many' },
    seed: { default: 1, summary: 'of victims, instants and changes' },
    articles: { default: 300, summary: 'that are written and changed' },
    rate: { default: 100, summary: 'changes in a second' },
    snapshot: { default: 3, summary: 'kills of both migrators during their first snapshot' },
    pause: { default: 1000, summary: 'between two kills on average, in milliseconds' },
  },
  choices: {
    bus: { default: 'postgres', oneOf: ['postgres', 'kafka'], summary: 'the engine of the bus' },
    producer: {
      default: 'capture',
      oneOf: ['capture', 'outbox'],
      summary: 'who tells: the migrator, or an outbox that is written with the articles',
    },
    break: {
      default: 'nothing',
      oneOf: ['nothing', 'inbox'],
      summary: 'what is switched off at the consumer; the drill has to notice',
    },
  },
  run: async (context) => {
    const folder = join(context.folder, 'site');
    mkdirSync(folder);
    context.event('starting');
    const running = await startBackbone({
      ...{ folder, cleanUp: context.cleanUp },
      bus: context.choice('bus') === 'kafka' ? 'kafka' : 'postgres',
      producer: context.choice('producer') === 'outbox' ? 'outbox' : 'capture',
      breaks: context.choice('break'),
      seed: context.parameter('seed'),
      articles: context.parameter('articles'),
      perSecond: context.parameter('rate'),
      snapshotKills: context.parameter('snapshot'),
    });
    context.event('the consumer has what there was; from here on articles change');
    const victims = victimsOf(running);
    const pause = context.parameter('pause');
    const plan = planKills({
      ...{ seed: context.parameter('seed'), kills: context.parameter('kills') },
      weights: Object.fromEntries(Object.keys(victims).map((name) => [name, weights[name] ?? 1])),
      ...{ afterMs: [pause * 0.2, pause * 1.8], downMs: [0, pause] },
    });
    const reports: KillReport[] = [];
    running.writer.start();
    const started = performance.now();
    await runKills({
      ...{ plan, victims, signal: context.signal },
      onReport: (report) => {
        reports.push(report);
        const { victim, what, detail } = report;
        if (what !== 'not started') context.event(`${victim} ${what}`);
        else context.progress(`${victim} ${what}: ${detail ?? ''}`);
      },
    });
    await running.writer.stop();
    context.record('killing and writing', (performance.now() - started) / 1000, 's');
    context.event('nobody is killed any more, nothing is written');
    await judge(context, running);
    recordKills(reports, Object.keys(victims), context.record);
    const killed = reports.filter(({ what }) => what === 'killed').length;
    context.invariant('everybody was killed that was to be', plan.length - killed);
  },
});

function victimsOf({ site, services }: Running): Record<string, Victim> {
  const { postgres, kafka } = site;
  return {
    ...services,
    postgres: { kill: () => postgres.crash(), start: () => postgres.start() },
    ...(kafka === undefined
      ? {}
      : { kafka: { kill: () => kafka.crash(), start: () => kafka.start() } }),
  };
}

function recordKills(
  reports: readonly KillReport[],
  names: readonly string[],
  record: (figure: string, value: number, unit: string) => void,
): void {
  const killed = reports.filter(({ what }) => what === 'killed');
  record('kills', killed.length, 'kills');
  for (const name of names) {
    const times = killed.filter(({ victim }) => victim === name).length;
    record(`kills: ${name}`, times, 'kills');
  }
}
