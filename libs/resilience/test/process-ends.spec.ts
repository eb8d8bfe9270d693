import { execFile } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';

import { createPostgresBucketStore } from '../src/postgres/bucket-store.ts';
import { createPostgresCircuitStore } from '../src/postgres/circuit-store.ts';

it('no policy keeps a process alive that has nothing to do', async () => {
  const file = join(import.meta.dirname, 'idle-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 50_000 });
  expect(stdout).toBe('done\n');
});

it('a database that takes connections and says nothing is known to be away in time', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const url = `postgres://nobody:nothing@127.0.0.1:${port}/none`;
  const pool = createPool({ url, applicationName: 'test', logger, connectTimeoutMs: 1500 });
  const late = 'did not answer within 1000 ms';
  await expect(createPostgresCircuitStore(pool).read(['any'])).rejects.toThrow(late);
  const key = { name: 'any', ratePerSecond: 1, burst: 1 };
  await expect(createPostgresBucketStore(pool).reserve(key, 1, 0)).rejects.toThrow(late);
  for (const socket of sockets) socket.destroy();
  await pool.end();
  await new Promise((resolve) => silent.close(resolve));
});
