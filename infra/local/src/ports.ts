import { createServer } from 'node:net';

import { Refusal } from './refusal.ts';

export type WantedPort = { readonly port: number; readonly purpose: string };

/**
 * Makes sure that all ports are free before anything is started.
 *
 * @throws Refusal that names the first port that is not, and all that are needed
 */
export async function assertPortsFree(wanted: readonly WantedPort[]): Promise<void> {
  const needed = wanted.map(({ port }) => port).join(', ');
  for (const { port, purpose } of wanted) {
    const problem = await tryPort(port);
    if (problem === undefined) continue;
    const what =
      problem === 'EACCES' ? 'may not be opened by this user' : 'is taken by another program';
    const remedy = problem === 'EACCES' ? '' : 'end that program, or ';
    throw new Refusal(
      `Port ${port} on 127.0.0.1, wanted for ${purpose}, ${what}: ${remedy}choose other ports with --port (needed now: ${needed}).`,
    );
  }
}

/** The operating system's error code where the port cannot be listened on. */
function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve('code' in error ? String(error.code) : 'unknown'));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      probe.close(() => resolve(undefined)),
    );
  });
}
