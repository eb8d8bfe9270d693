import { startSite } from './test/site.ts';

/** One site for all journeys. `NEWSCIENCE_E2E_INSTANCE` takes one that runs already: the path of its instance.json. */
export default async function start() {
  if (process.env.NEWSCIENCE_E2E_INSTANCE) return;
  globalThis.newScienceSite = await startSite();
  process.env.NEWSCIENCE_E2E_INSTANCE = globalThis.newScienceSite.instanceFile;
}
