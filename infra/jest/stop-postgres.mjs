import { rmSync } from 'node:fs';

/** Jest's global tear-down: ends the run's PostgreSQL and removes its folder. */
export default async function stopPostgres() {
  const running = globalThis.newScienceTestPostgres;
  if (running === undefined) return;
  await running.server.stop();
  rmSync(running.folder, { recursive: true, force: true });
  delete globalThis.newScienceTestPostgres;
  delete process.env.NEWSCIENCE_TEST_POSTGRES_URL;
}
