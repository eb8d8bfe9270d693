import { afterAll, beforeAll } from '@jest/globals';
import type { TestDatabase } from '@newscience/testing/template-database';

import { busContract } from './contract/bus-contract.ts';
import { busDatabase } from './test-bus.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await busDatabase();
});
afterAll(() => database.drop());

busContract('PostgreSQL', { url: () => database.url }, 25_000);
