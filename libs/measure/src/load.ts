import { LoadConnection } from './load-connection.ts';
import { percentile } from './statistics.ts';

export type LoadOptions = {
  /** `http://127.0.0.1:port/path`; any other host is refused. */
  url: string;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** Connections with one request at a time each; 16 where it is left out. */
  connections?: number;
  /** Ends after so many requests, or after so much time, whichever comes first. */
  stop: { requests?: number; milliseconds?: number };
  signal?: AbortSignal;
};

export type LoadResult = {
  /** Complete answers, whatever their status. */
  requests: number;
  /** Answers by status code. */
  statuses: Readonly<Record<string, number>>;
  /** Connections refused, cut or answered with something that is not HTTP. */
  errors: number;
  seconds: number;
  requestsPerSecond: number;
  /** Bytes received, heads included. */
  bytes: number;
  /** From the request written to the last byte of its answer, in milliseconds; 0 without answers. */
  latency: { p50: number; p90: number; p99: number; max: number };
};

const longest = 120_000;
const mostErrors = 100;
const mostSamples = 1_000_000;

/**
 * Sends one request over and over on keep-alive connections of this machine: a closed loop, so what
 * is measured is the rate the server sustains. Bounded: at most two minutes, and given up after 100
 * errors.
 *
 * @throws RangeError for a host other than 127.0.0.1 or without an end
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const url = new URL(options.url);
  if (url.protocol !== 'http:' || url.hostname !== '127.0.0.1') {
    throw new RangeError(`load is for http://127.0.0.1 alone, got ${options.url}`);
  }
  const { requests = Infinity, milliseconds = longest } = options.stop;
  if (requests === Infinity && options.stop.milliseconds === undefined) {
    throw new RangeError('stop should give requests or milliseconds');
  }
  const samples: number[] = [];
  const statuses: Record<string, number> = {};
  let begun = 0;
  let done = 0;
  let errors = 0;
  let stopped = false;

  const head = requestBytes(url, options);
  const connections = Array.from(
    { length: options.connections ?? 16 },
    () =>
      new LoadConnection(Number(url.port || 80), head, options.method === 'HEAD', {
        mayBegin: () => !stopped && begun < requests && ++begun > 0,
        answered(status, milliseconds) {
          done += 1;
          statuses[status] = (statuses[status] ?? 0) + 1;
          if (samples.length < mostSamples) samples.push(milliseconds);
        },
        failed() {
          begun -= 1;
          errors += 1;
          if (errors >= mostErrors) stopped = true;
        },
      }),
  );
  const started = performance.now();
  const stop = () => {
    stopped = true;
    for (const connection of connections) connection.finish();
  };
  const timer = setTimeout(stop, Math.min(milliseconds, longest));
  options.signal?.addEventListener('abort', stop, { once: true });
  await Promise.all(connections.map((connection) => connection.run()));
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', stop);
  const seconds = (performance.now() - started) / 1_000;
  samples.sort((a, b) => a - b);
  const at = (percent: number) => (samples.length === 0 ? 0 : percentile(samples, percent));
  return {
    requests: done,
    statuses,
    errors,
    seconds,
    requestsPerSecond: done / seconds,
    bytes: connections.reduce((total, { bytes }) => total + bytes, 0),
    latency: { p50: at(50), p90: at(90), p99: at(99), max: at(100) },
  };
}

function requestBytes(url: URL, { method = 'GET', headers = {}, body }: LoadOptions): Buffer {
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}
