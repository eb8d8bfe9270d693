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
  const failures: string[] = [];
  const waiting = new Set<Promise<void>>();
  const started = performance.now();
  let sent = 0;

  const dueAt = (n: number): number => started + (n * 1000) / RATE;
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    // The timer may be late; the readers were not.
    for (; dueAt(sent) <= performance.now(); sent += 1) {
      const due = dueAt(sent);
      const url = urls[(sent * 7919) % urls.length] ?? '';
      const one = request(url, agent)
        .then(
          () => void samples.push(performance.now() - due),
          (error: unknown) => void failures.push(String(error)),
        )
        .finally(() => waiting.delete(one));
      waiting.add(one);
    }
    timer = setTimeout(send, dueAt(sent) - performance.now());
  };
  send();

  return {
    stop: async () => {
      clearTimeout(timer);
      await Promise.all(waiting);
      agent.destroy();
      if (failures.length > 0)
        throw new Error(`${failures.length} readers failed: ${failures[0] ?? ''}`);
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
