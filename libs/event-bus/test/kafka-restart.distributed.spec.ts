import { setTimeout as sleep } from 'node:timers/promises';

import { contractSuite } from '@newscience/testing/contract-suite';
import {
  dockerMissing,
  type KafkaEngine,
  startKafkaEngine,
} from '@newscience/testing/kafka-engine';
import { it } from '@jest/globals';

import { createSite } from './contract/harness.ts';
import { ridesOut } from './rides-out.ts';

const suite = contractSuite<KafkaEngine>('the bus', (broker) => {
  it('goes on, with nothing lost and no gap, after the broker was killed and after it was restarted', async () => {
    const site = createSite({ url: () => broker().url });
    const killed = async (): Promise<void> => {
      await broker().crash();
      await sleep(8000); // longer than a session
      await broker().start();
    };
    try {
      await ridesOut(site, [killed, () => broker().restart()], 90_000);
    } finally {
      await site.close();
    }
  }, 400_000);
});

suite({
  name: 'Kafka',
  missing: await dockerMissing(),
  start: () => startKafkaEngine('event-bus'),
  stop: (broker) => broker.remove(),
  startWithinMs: 120_000,
});
