import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineBenchmark } from '../src/benchmark.ts';
import { runLoad } from '../src/load.ts';
import { processUsage } from '../src/process-usage.ts';

/** What the load generator and the least of servers cost together: no figure of a server can be better. */
export const benchmark = defineBenchmark({
  name: 'load',
  summary: 'The load generator itself, against a server that does nothing.',
  parameters: { requests: { default: 50_000, summary: 'requests in each round' } },
  wanted: [{ name: 'no request fails', anyOf: [{ figure: 'errors', of: 'max', atMost: 0 }] }],
  run: async (context) => {
    const server = createServer((_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.cleanUp(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const requests = context.parameter('requests');
    for (let round = 1; round <= context.rounds; round++) {
      context.progress(`round ${round} of ${context.rounds}`);
      const before = processUsage(process.pid).cpuSeconds;
      const result = await runLoad({ url, stop: { requests }, signal: context.signal });
      const cpuSeconds = processUsage(process.pid).cpuSeconds - before;
      context.record('rate', result.requestsPerSecond, 'requests/s');
      context.record('CPU a request', (cpuSeconds * 1e6) / requests, 'µs');
      context.record('median latency', result.latency.p50 * 1_000, 'µs');
      context.record('errors', result.errors + requests - result.requests, 'requests');
    }
  },
});
