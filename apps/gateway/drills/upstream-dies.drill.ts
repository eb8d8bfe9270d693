import { defineDrill } from '@newscience/measure/drill';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { startNodePeer, type NodePeer } from '../bench/peer-process.ts';

const readers = 4;
const body = Buffer.alloc(2 ** 25, 'science ');
const knownCodes = new Set(['upstream_unreachable', 'upstream_reset', 'upstream_timeout']);

/** What one request came to, as its client saw it. */
type Outcome =
  | { kind: 'whole' }
  /** The connection ended before the answer did: the client knows that it has not got all. */
  | { kind: 'broken' }
  | { kind: 'problem'; code: string }
  /** Looked complete and was not what the upstream sends. */
  | { kind: 'wrong'; what: string };

export const drill = defineDrill({
  name: 'upstream-dies',
  summary: 'Kills the upstream in the middle of downloads and starts it again.',
  parameters: {
    seconds: { default: 2, summary: 'how long each of before, during and after lasts' },
  },
  run: async (context) => {
    const { folder } = context;
    const milliseconds = context.parameter('seconds') * 1_000;
    const port = await context.freePort();
    const startUpstream = async () => {
      const log = join(folder, 'upstream.log');
      const peer = await startNodePeer('upstream', 'upstream.ts', [String(port)], log);
      context.cleanUp(() => peer.kill());
      return peer;
    };
    const upstream: NodePeer = await startUpstream();
    const log = join(folder, 'gateway.log');
    const gateway = await startNodePeer('gateway', 'gateway.ts', [upstream.origin], log);
    context.cleanUp(() => gateway.stop());

    const outcomes: { at: number; outcome: Outcome }[] = [];
    const reading = new AbortController();
    const all = Array.from({ length: readers }, () =>
      readOn(`${gateway.origin}/large`, reading.signal, (outcome) => {
        outcomes.push({ at: performance.now(), outcome });
      }),
    );
    const wait = () => new Promise((resolve) => setTimeout(resolve, milliseconds));
    context.progress('downloading');
    await wait();
    context.progress('upstream killed');
    const killed = performance.now();
    await upstream.kill();
    await wait();
    context.progress('upstream started again');
    await startUpstream();
    const back = performance.now();
    await wait();
    reading.abort();
    await Promise.all(all);

    const of = (kind: Outcome['kind']) => outcomes.filter(({ outcome }) => outcome.kind === kind);
    for (const kind of ['whole', 'broken', 'problem'] as const) {
      context.record(`answers: ${kind}`, of(kind).length, 'requests');
    }
    const firstAfter = of('whole').find(({ at }) => at > back);
    if (firstAfter !== undefined) context.record('served again after', firstAfter.at - back, 'ms');

    const wrong = outcomes.flatMap(({ outcome }) =>
      outcome.kind === 'wrong' ? [outcome.what] : [],
    );
    context.invariant('an answer that looks complete is complete', wrong.length, wrong[0]);
    const strange = outcomes.flatMap(({ outcome }) =>
      outcome.kind === 'problem' && !knownCodes.has(outcome.code) ? [outcome.code] : [],
    );
    context.invariant('a refusal has a stable code that fits', strange.length, strange[0]);
    const cutBefore = outcomes.filter(({ at, outcome }) => at < killed && outcome.kind !== 'whole');
    context.invariant('nothing fails while the upstream is well', cutBefore.length);
    context.invariant(
      'the upstream was killed in the middle of answers',
      of('broken').length > 0 ? 0 : 1,
    );
    context.invariant('it is served again when it is back', firstAfter === undefined ? 1 : 0);
  },
});

/** Downloads over and over until it is told to stop. */
async function readOn(
  url: string,
  signal: AbortSignal,
  report: (outcome: Outcome) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!signal.aborted) {
    const outcome = await download(url, agent);
    report(outcome);
    // A person who is refused does not come back within the same millisecond.
    if (outcome.kind !== 'whole') await new Promise((resolve) => setTimeout(resolve, 10));
  }
  agent.destroy();
}

async function download(url: string, agent: Agent): Promise<Outcome> {
  return await new Promise((resolve) => {
    const broken = () => {
      resolve({ kind: 'broken' });
    };
    const sent = request(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', broken);
      response.on('end', () => {
        resolve(judge(response.statusCode ?? 0, Buffer.concat(chunks)));
      });
    });
    sent.on('error', broken);
    sent.end();
  });
}

function judge(status: number, received: Buffer): Outcome {
  if (status === 200) {
    if (received.equals(body)) return { kind: 'whole' };
    return { kind: 'wrong', what: `${received.length} of ${body.length} bytes, or others` };
  }
  const code = /"code":"(\w+)"/.exec(received.toString())?.[1];
  if (code === undefined) return { kind: 'wrong', what: `status ${status} without a code` };
  return { kind: 'problem', code };
}
