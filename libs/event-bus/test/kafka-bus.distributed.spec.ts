import { dockerMissing, startKafkaEngine } from '@newscience/testing/kafka-engine';

import { busContract } from './contract/bus-contract.ts';

const given = process.env['NEWSCIENCE_TEST_KAFKA_URL'];

busContract(
  {
    name: 'Kafka',
    missing: given === undefined ? await dockerMissing() : undefined,
    startWithinMs: 120_000,
    start: async () => {
      if (given !== undefined) return { url: () => given };
      const broker = await startKafkaEngine('event-bus');
      return { url: () => broker.url, close: () => broker.remove() };
    },
    stop: (engine) => engine.close?.() ?? Promise.resolve(),
  },
  { withinMs: 40_000 },
);
