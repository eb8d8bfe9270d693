import { describe, expect, it } from '@jest/globals';

import { createMetrics } from './metrics.ts';

const lines = (text: string, start: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(start));

describe('createMetrics', () => {
  it('has process and event loop from the start, each with the name of the service', async () => {
    const text = await createMetrics('sample').registry.metrics();
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_seconds',
      'event_loop_utilization',
    ]) {
      expect(lines(text, name)[0]).toContain('service="sample"');
    }
  });

  it('gives the share of time that the event loop was busy', async () => {
    const { registry } = createMetrics('sample');
    await registry.metrics();
    const [line = ''] = lines(await registry.metrics(), 'event_loop_utilization{');
    const share = Number(line.split(' ')[1]);
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  });

  it('counts requests by method, route and status', async () => {
    const { registry, observeRequest } = createMetrics('sample');
    observeRequest({ method: 'GET', route: '/articles/:id', status: 200 }, 0.004);
    observeRequest({ method: 'GET', route: '/articles/:id', status: 200 }, 2);
    const text = await registry.metrics();
    expect(text).toContain(
      'http_request_duration_seconds_count{service="sample",method="GET",route="/articles/:id",status="200"} 2',
    );
    expect(text).toMatch(/http_request_duration_seconds_bucket\{le="0\.005",[^}]*\} 1\n/);
  });

  it('does not grow with what clients make up', async () => {
    const { registry, observeRequest } = createMetrics('sample');
    for (let i = 0; i < 1000; i += 1)
      observeRequest({ method: `M${i}`, route: `/${i}`, status: 200 }, 0);
    const counts = lines(await registry.metrics(), 'http_request_duration_seconds_count');
    expect(counts).toHaveLength(301);
    expect(counts.at(-1)).toContain('method="(other)",route="(other)"');
    expect(counts.at(-1)).toMatch(/ 700$/);
  });

  it('adds what the service counts itself', async () => {
    const { registry, counter, gauge, histogram } = createMetrics('sample');
    counter('imports_total', 'Imported articles.', ['outcome']).inc({ outcome: 'created' }, 3);
    gauge('queue_length', 'Waiting.').set(4);
    histogram('batch_seconds', 'Duration of a batch.', [], [1, 10]).observe(2);
    const text = await registry.metrics();
    expect(text).toContain('imports_total{outcome="created",service="sample"} 3');
    expect(text).toContain('queue_length{service="sample"} 4');
    expect(text).toContain('batch_seconds_bucket{le="10",service="sample"} 1');
  });

  it('shows the connections of each pool as they are', async () => {
    const { registry, watchPool } = createMetrics('sample');
    const pool = { totalCount: 5, idleCount: 2, waitingCount: 1 };
    watchPool('main', pool);
    pool.totalCount = 6;
    const text = await registry.metrics();
    expect(
      lines(text, 'pg_pool_connections{').map((line) => line.replace(',service="sample"', '')),
    ).toEqual([
      'pg_pool_connections{pool="main",state="busy"} 4',
      'pg_pool_connections{pool="main",state="idle"} 2',
      'pg_pool_connections{pool="main",state="waiting"} 1',
    ]);
  });
});
