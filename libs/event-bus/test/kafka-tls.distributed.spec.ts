import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { routeStageChanged } from '@newscience/event-contracts/route/stage-changed';
import { createLogger } from '@newscience/service-kit/logging';
import { topics } from '@newscience/event-contracts/topics';
import { eventually } from '@newscience/testing/eventually';

import { connectBus } from '../src/connect.ts';
import {
  type SecuredBroker,
  securedBrokerMissing,
  startSecuredBroker,
  user,
} from './secured-broker.ts';

const logger = createLogger({ service: 'event-bus-test', level: 'silent' });
const missing = await securedBrokerMissing();
let broker: SecuredBroker;

const busAt = (credentials: string, query: string) =>
  connectBus({ url: `kafka://${credentials}${broker.address}?${query}`, name: 'test', logger });
const me = `${user.name}:${encodeURIComponent(user.password)}@`;

(missing === undefined ? describe : describe.skip)(
  `a broker with TLS and SASL${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    beforeAll(async () => {
      broker = await startSecuredBroker();
    }, 150_000);
    afterAll(() => broker.remove(), 30_000);

    it.each(['plain', 'scram-sha-512'])(
      'takes and hands out events (%s)',
      async (mechanism) => {
        const bus = await busAt(me, `ca=${broker.ca}&sasl=${mechanism}`);
        try {
          await bus.declareTopics(topics);
          const event = { ...routeStageChanged.example, id: mechanism };
          await bus.publish([event]);
          const ids: string[] = [];
          await bus.subscribe({
            ...{ group: `group-${mechanism}`, topics: ['newscience.route'], from: 'earliest' },
            handle: (batch) => {
              ids.push(...batch.map(({ event: { id } }) => id));
              return Promise.resolve();
            },
          });
          await eventually(() => expect(ids).toContain(mechanism), { withinMs: 20_000 });
        } finally {
          await bus.close();
        }
      },
      60_000,
    );

    it.each([
      ['without its authority', me, () => 'sasl=plain'],
      ['with a wrong password', `${user.name}:wrong@`, () => `ca=${broker.ca}&sasl=plain`],
      ['in the clear', me, () => 'tls=off&sasl=plain'],
    ])(
      'lets nobody in %s',
      async (_, credentials, query) => {
        const bus = await busAt(credentials, query());
        await expect(bus.declareTopics(topics)).rejects.toMatchObject({ code: 'unavailable' });
        await bus.close();
      },
      90_000,
    );
  },
);
