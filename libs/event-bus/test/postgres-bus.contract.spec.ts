import { busContract } from './contract/bus-contract.ts';
import { busDatabase } from './test-bus.ts';

busContract(
  {
    name: 'PostgreSQL',
    start: async () => {
      const database = await busDatabase();
      return { url: () => database.url, close: () => database.drop() };
    },
    stop: (engine) => engine.close?.() ?? Promise.resolve(),
  },
  { withinMs: 25_000 },
);
