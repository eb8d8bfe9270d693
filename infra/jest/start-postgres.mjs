import { globSync, mkdtempSync, chmodSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startEmbeddedPostgres } from '../../libs/embedded-postgres/src/server.ts';

const folderName = /^newscience-test-(\d+)-/;

/**
 * Jest's global set-up: one PostgreSQL per run, for the tests that need one. Test files find it in
 * NEWSCIENCE_TEST_POSTGRES_URL (superuser) and clone databases from templates (`@newscience/testing/template-database`).
 */
export default async function startPostgres(globalConfig) {
  if (process.env.NEWSCIENCE_TEST_POSTGRES_URL !== undefined || !needsPostgres(globalConfig))
    return;
  removeLeftBehind();
  const folder = mkdtempSync(join(tmpdir(), `newscience-test-${process.pid}-`));
  chmodSync(folder, 0o711); // PostgreSQL may run as another account
  const started = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await freePort(),
    // Tests need no durability, and PostgreSQL is several times faster without.
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '200',
    },
  });
  if (!started.ok) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(started.error.detail);
  }
  globalThis.newScienceTestPostgres = { server: started.value, folder };
  process.env.NEWSCIENCE_TEST_POSTGRES_URL = started.value.adminUrl;
}

/** Unit tests alone do not wait for a server. */
function needsPostgres({ rootDir, nonFlagArgs = [] }) {
  const files = globSync('{src,test,bench,migrations}/**/*.{int,contract,e2e}.spec.ts', {
    cwd: rootDir,
  });
  if (nonFlagArgs.length === 0) return files.length > 0;
  return files.some((file) => nonFlagArgs.some((pattern) => matches(file, pattern)));
}

function matches(file, pattern) {
  try {
    return new RegExp(pattern.replace(/^\.\//, ''), 'i').test(file.replaceAll('\\', '/'));
  } catch {
    return true;
  }
}

/** A run that was killed could not clear up; its server has ended with it. */
function removeLeftBehind() {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(folderName.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isAlive(pid))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve, reject) =>
    probe.once('error', reject).listen(0, '127.0.0.1', resolve),
  );
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
