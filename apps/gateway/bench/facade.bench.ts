import { defineBenchmark, type BenchmarkContext } from '@newscience/measure/benchmark';
import { runLoad, type LoadResult } from '@newscience/measure/load';
import { commandVersion } from '@newscience/measure/machine';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNginx, startNginx, startNodePeer, type NodePeer, type Peer } from './peer-process.ts';

/** What a browser would send, so that heads have a usual size. */
const headers = {
  Accept: 'application/json',
  'Accept-Encoding': 'gzip, deflate, br',
  'Accept-Language': 'en',
  Cookie: 'ns_session=4f2d6a1c9b3e',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) benchmark',
};
const json = '/api/v1/search?q=sky';
const download = '/download';
const warmUpRequests = 20_000;
const latencyRequests = 1_000;
const memorySteps = 10;

export const benchmark = defineBenchmark({
  name: 'facade',
  summary: 'The gateway beside direct, bare undici dispatch, http-proxy-3 and nginx.',
  rounds: 3,
  parameters: {
    seconds: { default: 3, summary: 'how long each peer is measured with JSON in each round' },
    connections: { default: 16, summary: 'connections of the load, for JSON' },
    requests: { default: 200_000, summary: 'requests during which memory should stay flat' },
  },
  wanted: [
    {
      name: 'gateway, 2 kB JSON: at least 0.40 of direct, or at most 45 µs of CPU a request',
      anyOf: [
        { figure: 'gateway, JSON: of direct', atLeast: 0.4 },
        // Of the round that other programs disturbed least: they can only add to it.
        { figure: 'gateway, JSON: CPU a request', atMost: 45, of: 'min' },
      ],
    },
    {
      name: 'gateway: memory in use stays flat over all requests',
      anyOf: [{ figure: 'gateway: memory in use, growth', atMost: 5, of: 'max' }],
    },
    {
      name: 'gateway: no request failed',
      anyOf: [{ figure: 'gateway: errors', atMost: 0, of: 'max' }],
    },
  ],
  run: async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'newscience-bench-facade-'));
    context.cleanUp(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const { direct, gateway, others } = await startPeers(context, folder);
    const peers = [direct, ...others, gateway];
    for (const peer of peers) {
      context.progress(`warming up: ${peer.name}`);
      await load(
        peer,
        json,
        context.parameter('connections'),
        { requests: warmUpRequests },
        context,
      );
    }
    for (let round = 1; round <= context.rounds; round++) {
      let baseline: Measured | undefined;
      for (const peer of peers) {
        context.progress(`round ${round} of ${context.rounds}: ${peer.name}`);
        const measured = await measure(peer, context);
        baseline ??= measured;
        record(peer, measured, baseline, context);
      }
    }
    await measureMemory(gateway, context);
  },
});

type Measured = { json: Cost; download: Cost; alone: number; errors: number };
type Cost = { rate: number; cpuMicroseconds: number };

async function startPeers(
  context: BenchmarkContext,
  folder: string,
): Promise<{ direct: Peer; gateway: NodePeer; others: Peer[] }> {
  const start = async (name: string, file: string, args: readonly string[]) => {
    context.progress(`starting: ${name}`);
    const peer = await startNodePeer(name, file, args, join(folder, `${name}.log`));
    context.cleanUp(() => peer.stop());
    return peer;
  };
  const direct = await start('direct', 'upstream.ts', []);
  const behind = [direct.origin];
  const others: Peer[] = [
    await start('bare dispatch', 'bare-dispatch.ts', behind),
    await start('http-proxy-3', 'http-proxy.ts', behind),
  ];
  for (const name of ['undici', 'http-proxy-3']) context.version(name, packageVersion(name));
  const nginx = findNginx();
  if (nginx === undefined) {
    context.version('nginx', 'not installed, left out');
  } else {
    const peer = await startNginx(nginx, direct.origin, folder);
    context.cleanUp(() => peer.stop());
    context.version('nginx', commandVersion(nginx, ['-v']) ?? 'of unknown version');
    others.push(peer);
  }
  return { direct, others, gateway: await start('gateway', 'gateway.ts', behind) };
}

async function measure(peer: Peer, context: BenchmarkContext): Promise<Measured> {
  const milliseconds = context.parameter('seconds') * 1_000;
  const connections = context.parameter('connections');
  const small = await costOf(peer, json, connections, milliseconds, context);
  const large = await costOf(peer, download, 4, milliseconds / 2, context);
  const alone = await load(peer, json, 1, { requests: latencyRequests }, context);
  return {
    json: small.cost,
    download: large.cost,
    alone: alone.latency.p50 * 1_000,
    errors: [small.result, large.result, alone].reduce((sum, result) => sum + failures(result), 0),
  };
}

async function costOf(
  peer: Peer,
  path: string,
  connections: number,
  milliseconds: number,
  context: BenchmarkContext,
): Promise<{ cost: Cost; result: LoadResult }> {
  const before = peer.cpuSeconds();
  const result = await load(peer, path, connections, { milliseconds }, context);
  const cpuSeconds = peer.cpuSeconds() - before;
  const cpuMicroseconds = (cpuSeconds * 1e6) / Math.max(1, result.requests);
  return { cost: { rate: result.requestsPerSecond, cpuMicroseconds }, result };
}

async function load(
  peer: Peer,
  path: string,
  connections: number,
  stop: { requests?: number; milliseconds?: number },
  { signal }: BenchmarkContext,
): Promise<LoadResult> {
  return await runLoad({ url: `${peer.origin}${path}`, headers, connections, stop, signal });
}

/** Whatever is not a complete 200 would flatter the figures. */
function failures({ errors, requests, statuses }: LoadResult): number {
  return errors + requests - (statuses['200'] ?? 0);
}

function record(peer: Peer, measured: Measured, direct: Measured, context: BenchmarkContext): void {
  const { name } = peer;
  context.record(`${name}, JSON: rate`, measured.json.rate, 'requests/s');
  context.record(`${name}, JSON: CPU a request`, measured.json.cpuMicroseconds, 'µs');
  context.record(`${name}, 1 MB: rate`, measured.download.rate, 'requests/s');
  context.record(`${name}, 1 MB: CPU a request`, measured.download.cpuMicroseconds, 'µs');
  context.record(`${name}, one connection: median latency`, measured.alone, 'µs');
  context.record(`${name}: errors`, measured.errors, 'requests');
  if (measured === direct) return;
  context.record(`${name}, JSON: of direct`, measured.json.rate / direct.json.rate, 'of direct');
  context.record(
    `${name}, 1 MB: of direct`,
    measured.download.rate / direct.download.rate,
    'of direct',
  );
  context.record(`${name}, one connection: latency added`, measured.alone - direct.alone, 'µs');
}

async function measureMemory(gateway: NodePeer, context: BenchmarkContext): Promise<void> {
  const requests = Math.ceil(context.parameter('requests') / memorySteps);
  const connections = context.parameter('connections');
  const megabytes = (bytes: number) => bytes / 1_048_576;
  let first: number | undefined;
  for (let step = 1; step <= memorySteps; step++) {
    context.progress(`memory: ${step * requests} of ${memorySteps * requests} requests`);
    await load(gateway, json, connections, { requests }, context);
    const { usedBytes, residentBytes } = await gateway.memory();
    // What the first step leaves is set-up: compiled code, connections, caches.
    first ??= usedBytes;
    context.record('gateway: memory in use', megabytes(usedBytes), 'MB');
    context.record('gateway: resident memory', megabytes(residentBytes), 'MB');
    context.record('gateway: memory in use, growth', megabytes(usedBytes - first), 'MB');
  }
}

function packageVersion(name: string): string {
  const path = join(import.meta.dirname, '..', '..', '..', 'node_modules', name, 'package.json');
  return /"version": "([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? 'unknown';
}
