import type { Instance } from '../site.ts';
import { type Outcome, type Running, start } from './command.ts';

/** `npm run events -- …` against a site. */
export function startEvents(
  site: Pick<Instance, 'dataDir'>,
  args: string[],
  env: Record<string, string> = {},
): Running {
  return start(['libs/outbox/src/cli/main.ts', ...args], {
    NEWSCIENCE_DATA: site.dataDir,
    ...env,
  });
}

export function events(
  site: Pick<Instance, 'dataDir'>,
  args: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  return startEvents(site, args, env).done;
}
