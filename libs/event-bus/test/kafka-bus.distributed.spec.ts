import { afterAll, beforeAll, describe } from '@jest/globals';

import { busContract } from './contract/bus-contract.ts';
import { type Broker, hasDocker, startBroker } from './kafka-broker.ts';

const given = process.env['NEWSCIENCE_TEST_KAFKA_URL'];
const runnable = given !== undefined || (await hasDocker());

(runnable ? describe : describe.skip)('with a Docker engine', () => {
  let broker: Broker | undefined;
  beforeAll(async () => {
    if (given === undefined) broker = await startBroker();
  }, 120_000);
  afterAll(async () => {
    await broker?.remove();
  }, 60_000);

  busContract('Kafka', { url: () => given ?? broker?.url ?? '' }, 40_000);
});
