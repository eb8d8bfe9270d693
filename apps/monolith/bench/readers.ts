import { Agent, get } from 'node:http';
import { percentile } from '@newscience/measure/statistics';

export type Latency = { p50: number; p99: number; max: number; requests: number };

/** Requests a second, whether the answers come in time or not: readers do not wait for each other. */
const RATE = 50;

/**
 * Readers who open articles at a steady rate until `stop` is called. Milliseconds from the moment a
 * request was due to the last byte of its answer.
 * @param urls one of them for each request, in turn
 */
export function startReaders(urls: readonly string[]): { stop: () => Promise<Latency> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const samples: number[] = [];
  const waiting = new Set<Promise<void>>();
  const started = performance.now();
  let sent = 0;

  const timer = setInterval(() => {
    // The timer may be late; the readers were not.
    while (started + (sent * 1000) / RATE <= performance.now()) {
      const due = started + (sent * 1000) / RATE;
      const url = urls[(sent * 7919) % urls.length] ?? '';
      sent += 1;
      const one = request(url, agent).then(() => void samples.push(performance.now() - due));
      waiting.add(one);
      void one.finally(() => waiting.delete(one));
    }
  }, 1000 / RATE);

  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(waiting);
      agent.destroy();
      samples.sort((a, b) => a - b);
      return {
        p50: percentile(samples, 50),
        p99: percentile(samples, 99),
        max: percentile(samples, 100),
        requests: samples.length,
      };
    },
  };
}

function request(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (res) => {
      if (res.statusCode !== 200) reject(new Error(`${url} answered ${res.statusCode ?? 0}`));
      res.resume().on('end', resolve).on('error', reject);
    }).on('error', reject);
  });
}
