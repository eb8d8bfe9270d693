import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type { ServiceProcess } from '@newscience/testing/service-process';
import { z } from 'zod';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { historyOf } from './history.ts';
import { addArticle, addSection } from './legacy-writer.ts';

let site: CaptureSite;
beforeEach(async () => {
  site = await captureSite();
  await addSection(site.legacy);
}, 60_000);
afterEach(() => site.close());

const ready = z.object({ port: z.number() });
const report = z.object({ checks: z.object({ capture: z.object({ detail: z.string() }) }) });

/** What an instance says that it is doing. */
async function doing(service: ServiceProcess): Promise<string> {
  const { port } = ready.parse(service.ready());
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
  return report.parse(await response.json()).checks.capture.detail;
}
const captures = (service: ServiceProcess) =>
  eventually(async () => expect(await doing(service)).toBe('streaming'));
const standsBy = (service: ServiceProcess) =>
  eventually(async () => expect(await doing(service)).toBe('standby'));

async function seenOf(ref: string): Promise<string[]> {
  const events = historyOf(await site.events()).get(ref) ?? [];
  return events.map(({ id }) => id);
}

describe('of two instances', () => {
  it('one captures; when it is killed, the other one takes over', async () => {
    const first = await site.start();
    await captures(first);
    const second = await site.start();
    await standsBy(second);
    await addArticle(site.legacy, { ref: 'one' });
    await first.kill('SIGKILL');
    await addArticle(site.legacy, { ref: 'two' });
    await captures(second);
    await site.settled();
    expect(await seenOf('one')).toEqual(['one/1']);
    expect(await seenOf('two')).toEqual(['two/1']);
  }, 60_000);

  it('the one that hangs loses its right, and what it wanted to write is refused', async () => {
    const env = { OWNER_SILENT_MS: '2500' };
    const first = await site.start(env);
    await captures(first);
    const second = await site.start(env);
    await standsBy(second);
    process.kill(first.pid, 'SIGSTOP');
    try {
      await addArticle(site.legacy, { ref: 'meanwhile' });
      await captures(second);
      await site.legacy.query("UPDATE art SET ttl = 'T', rev = 2 WHERE art_ref = 'meanwhile'");
      await site.settled();
    } finally {
      process.kill(first.pid, 'SIGCONT');
    }
    await standsBy(first);
    await site.legacy.query("UPDATE art SET ttl = 'U', rev = 3 WHERE art_ref = 'meanwhile'");
    await site.settled();
    expect(await seenOf('meanwhile')).toEqual(['meanwhile/1', 'meanwhile/2', 'meanwhile/3']);
    expect(await doing(second)).toBe('streaming');
  }, 90_000);

  it('each takes over from the other, as often as need be', async () => {
    const services = [await site.start(), await site.start()];
    for (let n = 1; n <= 6; n += 1) {
      if (n === 1) await addArticle(site.legacy, { ref: 'often' });
      else await site.legacy.query("UPDATE art SET rev = $1 WHERE art_ref = 'often'", [n]);
      await site.settled();
      const states = await Promise.all(services.map(doing));
      const owner = services[states.indexOf('streaming')];
      expect(owner).toBeDefined();
      await owner?.kill('SIGKILL');
      await owner?.restart();
    }
    await site.settled();
    expect(await seenOf('often')).toEqual([1, 2, 3, 4, 5, 6].map((n) => `often/${n}`));
  }, 120_000);
});

it('an owner whose session was ended takes it up again', async () => {
  const service = await site.start();
  await captures(service);
  await addArticle(site.legacy, { ref: 'ended' });
  const { rows } = await site.own.query<{ name: string }>('SELECT current_database() AS name');
  await site.admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrator-capture' AND datname = $1",
    [rows[0]?.name],
  );
  await site.admin.query(
    'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
    [site.slot],
  );
  await site.legacy.query("UPDATE art SET rev = 2 WHERE art_ref = 'ended'");
  await site.settled();
  expect(await seenOf('ended')).toEqual(['ended/1', 'ended/2']);
}, 60_000);
