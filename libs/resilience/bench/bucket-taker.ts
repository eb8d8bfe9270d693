/** Takes tokens from a shared bucket, one after the other, until it is told to end. */
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';

import { createPostgresBucketStore } from '../src/postgres/bucket-store.ts';
import { bottomless } from './bottomless.ts';
import { createSharedTokenBucket } from '../src/shared-token-bucket.ts';

const url = process.env['DATABASE_URL'] ?? '';
const logger = createLogger({ service: 'taker', level: 'silent' });
const pool = createPool({ url, applicationName: 'taker', logger, max: 1 });
// Whether a token came in time is not what is measured.
const bucket = createSharedTokenBucket({
  ...bottomless,
  store: createPostgresBucketStore(pool),
  marginMs: 10_000,
});
let ending = false;
const isEnding = (): boolean => ending;
process.once('SIGTERM', () => (ending = true));
process.once('disconnect', () => process.exit(0));
process.send?.({ type: 'ready' });
while (!isEnding()) await bucket.take().catch(() => undefined);
await pool.end();
process.exit(0);
