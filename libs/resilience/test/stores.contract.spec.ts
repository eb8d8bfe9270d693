import { afterAll, beforeAll, describe } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { createMemoryBucketStore } from '../src/memory/bucket-store.ts';
import { createMemoryCircuitStore } from '../src/memory/circuit-store.ts';
import { createMemoryDeliveryStore } from '../src/memory/delivery-store.ts';
import { createPostgresBucketStore } from '../src/postgres/bucket-store.ts';
import { createPostgresCircuitStore } from '../src/postgres/circuit-store.ts';
import { createPostgresDeliveryStore } from '../src/postgres/delivery-store.ts';
import { bucketStoreContract } from './contract/bucket-store.ts';
import { circuitStoreContract } from './contract/circuit-store.ts';
import { deliveryStoreContract } from './contract/delivery-store.ts';
import { resilienceDatabase } from './resilience-database.ts';

describe('in memory', () => {
  const circuits = createMemoryCircuitStore();
  const buckets = createMemoryBucketStore();
  const deliveries = createMemoryDeliveryStore();
  circuitStoreContract(() => circuits);
  bucketStoreContract(() => buckets);
  deliveryStoreContract(() => deliveries);
});

describe('in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await resilienceDatabase();
    const logger = createLogger({ service: 'test', level: 'silent' });
    pool = createPool({ url: database.url, applicationName: 'test', logger, max: 8 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  circuitStoreContract(() => createPostgresCircuitStore(pool));
  bucketStoreContract(() => createPostgresBucketStore(pool));
  deliveryStoreContract(() => createPostgresDeliveryStore(pool));
});
