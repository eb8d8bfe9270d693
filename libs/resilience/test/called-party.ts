import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Arrival = { readonly at: number; readonly from: string };

/** A party that is called by others, keeps its own ledger by its own clock, and has moods. */
export type CalledParty = {
  readonly url: string;
  readonly ledger: Arrival[];
  mood: 'well' | 'failing' | 'silent';
  readonly close: () => Promise<void>;
};

export async function startCalledParty(): Promise<CalledParty> {
  const ledger: Arrival[] = [];
  const hanging = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    ledger.push({ at: performance.now(), from: String(request.headers['x-from']) });
    if (party.mode() === 'silent') hanging.add(response);
    else response.writeHead(party.mode() === 'well' ? 200 : 500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const result: CalledParty = {
    url: `http://127.0.0.1:${port}/`,
    ledger,
    mood: 'well',
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const party = { mode: () => result.mood };
  return result;
}

/** The most tokens by which a ledger is over a contract in any window between two arrivals; 0 or less is within. */
export function excess(ledger: readonly Arrival[], ratePerSecond: number, burst: number): number {
  const times = ledger.map(({ at }) => at).sort((a, b) => a - b);
  let worst = Number.NEGATIVE_INFINITY;
  times.forEach((from, first) => {
    for (let last = first; last < times.length; last += 1) {
      const seconds = ((times[last] ?? from) - from) / 1000;
      worst = Math.max(worst, last - first + 1 - burst - seconds * ratePerSecond);
    }
  });
  return worst;
}
