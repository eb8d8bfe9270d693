import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Puts an event on the bus as a service would, in the name of a producer that is not there or has a fault. */
export async function publishEvent(
  site: Pick<Instance, 'dataDir' | 'url'>,
  event: Record<string, unknown>,
): Promise<void> {
  const password = readFileSync(join(site.dataDir, 'secrets', 'bus.secret'), 'utf8').trim();
  const port = Number(new URL(site.url).port) + 9;
  const program = `
    import { connectBus } from '@newscience/event-bus/connect';
    import { Secret } from '@newscience/service-kit/secret';
    const logger = new Proxy({}, { get: (_, name) => (name === 'child' ? () => logger : () => {}) });
    const bus = await connectBus({ url: new Secret(process.env.BUS), name: 'e2e', logger });
    await bus.publish([JSON.parse(process.env.EVENT)]);
    await bus.close();`;
  const { code, err } = await start(['--input-type=module', '-e', program], {
    BUS: `postgres://bus:${password}@127.0.0.1:${port}/bus`,
    EVENT: JSON.stringify({
      specversion: '1.0',
      source: 'urn:newscience:e2e',
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      ...event,
    }),
  }).done;
  if (code !== 0) throw new Error(`Not published: ${err}`);
}
