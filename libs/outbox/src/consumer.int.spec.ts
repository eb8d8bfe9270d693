import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { routeRemoved } from '@newscience/event-contracts/route/removed';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';

import { type ConsumerSite, consumerSite, eventOf, silent } from '../test/consumer-site.ts';
import { deliveries, freeClaim } from '../test/hand-bus.ts';
import { sampleEvent, untraced } from '../test/sample-events.ts';
import { append } from './outbox.ts';

let site: ConsumerSite;
beforeEach(async () => {
  site = await consumerSite();
});
afterEach(() => site.close());

describe('a consumer', () => {
  it('commits the position after the effects, and the last one only', async () => {
    const { deliver } = await site.start();
    const claim = freeClaim();
    let atCommit: string[] = [];
    const commit = claim.commit.bind(claim);
    claim.commit = async (position) => {
      atCommit = await site.effects();
      return commit(position);
    };
    await deliver(['a/1', 'b/1', 'a/2'], claim);
    expect(atCommit).toEqual(['a/1', 'b/1', 'a/2']);
    expect(claim.commits).toEqual([3n]);
  });

  it('gives a repeated event no second effect, in the same batch or later', async () => {
    const { deliver } = await site.start();
    await deliver(['a/1', 'a/1', 'a/2']);
    await deliver(['a/1', 'a/2']);
    await deliver(['a/2']);
    expect(await site.effects()).toEqual(['a/1', 'a/2']);
    expect(await site.count('inbox')).toBe(2);
  });

  it('counts what became of the events', async () => {
    const metrics = createMetrics('test');
    const { bus } = await site.start({ metrics });
    const newer = { ...eventOf('a/3'), type: 'newscience.route.StageChanged.v2' };
    const other = { ...eventOf('a/4'), type: 'newscience.route.Renamed.v1' };
    const { example: removed } = routeRemoved;
    await bus.deliver(deliveries([eventOf('a/1'), eventOf('a/1'), newer, other, removed]));
    expect(await site.effects()).toEqual(['a/1']);
    const text = await metrics.registry.metrics();
    const counted = (outcome: string, n: number) =>
      `consumer_events_total{consumer="activity",outcome="${outcome}",service="test"} ${n}`;
    for (const line of [
      counted('handled', 1),
      counted('repeated', 1),
      counted('unknown', 2),
      counted('ignored', 1),
    ])
      expect(text).toContain(line);
  });

  it('treats unknown types as failures where that is its policy', async () => {
    const { bus } = await site.start({ unknown: 'fail' });
    const newer = { ...eventOf('a/1'), type: 'newscience.route.StageChanged.v2' };
    await bus.deliver(deliveries([newer]));
    await eventually(async () => expect(await site.count('inbox_dead_letter')).toBe(1));
  });

  it('undoes and repeats the whole batch where the database goes away, and counts no attempt', async () => {
    const pool = createPool({ url: site.database.url, applicationName: 'cut', logger: silent });
    const cut = { times: 2 };
    const { deliver } = await site.start({
      pool,
      handle: async (client, { subject, id }) => {
        await client.query('INSERT INTO effect (key, id) VALUES ($1, $2)', [subject, id]);
        if (id === 'a/2' && cut.times-- > 0)
          await site.pool.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut' AND datname = current_database()",
          );
        await client.query('SELECT 1');
      },
    });
    const claim = freeClaim();
    await expect(deliver(['a/1', 'a/2', 'b/1'], claim)).rejects.toThrow();
    expect(claim.commits).toEqual([]);
    expect(await site.count('inbox_waiting')).toBe(0);
    await deliver(['a/1', 'a/2', 'b/1'], claim);
    expect(await site.effects()).toEqual(['a/1', 'a/2', 'b/1']);
    expect(claim.commits).toEqual([3n]);
    await pool.end();
  });

  it('does nothing more once its partition has gone', async () => {
    const { deliver } = await site.start();
    const claim = freeClaim({ signal: AbortSignal.abort() });
    await expect(deliver(['a/1', 'a/2'], claim)).rejects.toThrow(/gone to another member/);
    expect(await site.effects()).toEqual([]);
    expect(claim.commits).toEqual([]);
  });

  it('counts a position that it may not commit; the effects are there once', async () => {
    const metrics = createMetrics('test');
    const { deliver } = await site.start({ metrics });
    await deliver(['a/1', 'a/2'], freeClaim({ fenced: true }));
    await deliver(['a/1', 'a/2']);
    expect(await site.effects()).toEqual(['a/1', 'a/2']);
    expect(await metrics.registry.metrics()).toMatch(/consumer_fenced_total\{[^}]*\} 1/);
  });

  it('hands its trace to the events that the effect appends', async () => {
    const { deliver } = await site.start({
      handle: async (client) => {
        await append(client, [untraced(sampleEvent('z', 1))]);
      },
    });
    await deliver(['a/1']);
    const { rows } = await site.pool.query<{ trace: string }>(
      "SELECT event->>'traceparent' AS trace FROM outbox",
    );
    expect(rows[0]?.trace.slice(3, 35)).toBe(eventOf('a/1').traceparent?.slice(3, 35));
  });

  it('leaves the bus when it stops', async () => {
    const { stop, bus } = await site.start();
    await stop();
    expect(bus.stopped()).toBe(true);
  });
});

describe('members that do the same at the same time', () => {
  it('have one effect between them', async () => {
    const members = await Promise.all([site.start(), site.start(), site.start()]);
    const ids = Array.from({ length: 60 }, (_, n) => `k${n % 6}/${Math.floor(n / 6)}`);
    await Promise.all(
      members.flatMap((member) => [
        member.deliver(ids),
        member.deliver(ids.slice(0, 30)).then(() => member.deliver(ids.slice(20))),
      ]),
    );
    expect(await site.effects()).toEqual(ids);
  });

  it('wait for the transaction of the one that was first', async () => {
    const member = await site.start();
    await withTransaction(site.pool, async (client) => {
      await client.query("INSERT INTO inbox VALUES ('activity', $1, 'a/1')", [
        eventOf('a/1').source,
      ]);
      const delivered = member.deliver(['a/1']);
      await eventually(async () => {
        const waiting = await site.pool.query(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        );
        expect(waiting.rowCount).toBe(1);
      });
      return { delivered };
    }).then(({ delivered }) => delivered);
    expect(await site.effects()).toEqual([]);
  });
});
