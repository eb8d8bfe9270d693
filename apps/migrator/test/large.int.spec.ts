import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { addSection } from './legacy-writer.ts';

let site: CaptureSite;
beforeEach(async () => {
  site = await captureSite();
  await addSection(site.legacy);
}, 60_000);
afterEach(() => site.close());

/** What does not fit ends the process: the heap may not grow at leisure. */
const little = { LOG_LEVEL: 'warn', NODE_OPTIONS: '--max-old-space-size=192' };

/** The most memory that a process has had, MiB; Linux only. */
function peakMemory(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

const insertMany = `
WITH a AS (
  INSERT INTO art (art_ref, ttl, bdy, sect_cd, sts, pub_ts)
  SELECT $1::text || n, 'Title ' || n, repeat($2, $3::int) || n, 'physics', 'P', now() FROM generate_series(1, $4::int) n
  RETURNING art_id)
INSERT INTO art_aut (art_id, seq, aut_nm) SELECT art_id, 1, 'Ada' FROM a`;

async function countOf(type: string): Promise<number> {
  const { rows } = await site.bus.query<{ count: number }>(
    'SELECT count(DISTINCT key)::int AS count FROM event_log WHERE type = $1',
    [type],
  );
  return rows[0]?.count ?? 0;
}

it('an import of 2,031 articles in one transaction is told whole, in little memory', async () => {
  const service = await site.start(little);
  await site.settled(100_000);
  const text = randomBytes(1000).toString('hex');
  // 2,031 × 20 kB: 40 MB in one transaction.
  await site.legacy.query(insertMany, ['import-', text, 10, 2031]);
  await site.settled(100_000);
  expect(await countOf('newscience.article.Published.v1')).toBe(2031);
  const { rows } = await site.own.query(
    "SELECT count(*)::int AS articles, count(DISTINCT revision)::int AS revisions FROM published WHERE kind = 'article'",
  );
  expect(rows).toEqual([{ articles: 2031, revisions: 1 }]);
  await site.legacy.query("UPDATE art SET ttl = ttl || '!', rev = rev + 1");
  await site.settled(100_000);
  expect(await countOf('newscience.article.Updated.v1')).toBe(2031);
  if (process.platform === 'linux') expect(peakMemory(service.pid)).toBeLessThan(450);
}, 240_000);

it('a first snapshot of many large articles takes little memory', async () => {
  const text = randomBytes(1000).toString('hex');
  await site.legacy.query(insertMany, ['large-', text, 250, 80]);
  const service = await site.start(little);
  await site.settled(100_000);
  expect(await countOf('newscience.article.Published.v1')).toBe(80);
  if (process.platform === 'linux') expect(peakMemory(service.pid)).toBeLessThan(450);
}, 240_000);
