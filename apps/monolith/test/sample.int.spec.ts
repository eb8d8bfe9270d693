import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSample } from '../src/sample/sample-files.ts';
import { startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

const folder = join(import.meta.dirname, '../sample');
let site: TestMonolith;
beforeAll(async () => {
  site = await startMonolith();
});
afterAll(() => site.close());

async function load(env: Record<string, string>): Promise<{ code: number | null; out: string }> {
  const main = join(import.meta.dirname, '../src/sample/main.ts');
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (out += data.toString()));
  }
  const code = await new Promise<number | null>((done) => child.on('exit', done));
  return { code, out };
}

const counts = async () =>
  (
    await site.query<Record<string, string>>(
      `SELECT (SELECT count(*) FROM art WHERE sts = 'P') AS art, (SELECT count(*) FROM cmt) AS cmt,
              (SELECT count(*) FROM usr WHERE pwd_hsh IS NULL) AS usr`,
    )
  )[0];

describe('the sample', () => {
  it('has at least 40 articles of 300 to 900 words, and holds together', () => {
    const { articles, people, comments } = readSample(folder, new Date());
    const ids = new Set(articles.map(({ put }) => put.artRef));
    expect(articles.length).toBeGreaterThanOrEqual(40);
    expect(ids.size).toBe(articles.length);
    expect(new Set(articles.map(({ sectNm }) => sectNm)).size).toBeGreaterThan(4);
    expect(new Set(articles.map(({ pubTs }) => pubTs.getUTCFullYear())).size).toBeGreaterThan(3);
    for (const { put, ignored } of articles) {
      const words = put.bdy.split(/\s+/).length;
      expect([put.artRef, words >= 300 && words <= 900]).toEqual([put.artRef, true]);
      expect(put.rels?.filter((id) => !ids.has(id))).toEqual([]);
      expect(ignored).toEqual([]);
    }
    const emails = new Set(people.map(({ email }) => email));
    for (const { articleId, email, at, replyTo } of comments) {
      expect([ids.has(articleId), emails.has(email)]).toEqual([true, true]);
      const of = replyTo === undefined ? undefined : comments[replyTo];
      if (of !== undefined) {
        expect([of.articleId, of.replyTo]).toEqual([articleId, undefined]);
        expect(Date.parse(of.at)).toBeLessThan(Date.parse(at));
      }
    }
  });

  it('that was broken off is completed, each part of it once', async () => {
    const first = await load({ DATABASE_URL: site.database.url });
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Loaded \d+ articles/) as unknown,
    });
    const whole = await counts();
    await site.query("DELETE FROM cfg WHERE ky = 'smpl_ts'");
    await site.query('DELETE FROM cmt WHERE cmt_id = (SELECT max(cmt_id) FROM cmt)');
    await site.query(
      'DELETE FROM art WHERE art_id NOT IN (SELECT art_id FROM cmt) AND art_id % 2 = 0',
    );
    expect((await load({ DATABASE_URL: site.database.url })).code).toBe(0);
    expect(await counts()).toEqual(whole);
  });

  it('shows comments under their own dates, threaded, and is found at once', async () => {
    const { comments } = readSample(folder, new Date());
    const [reply] = comments.filter(({ replyTo }) => replyTo !== undefined);
    const { text } = await createSiteClient(site.url).call(
      `/api/v1/articles/${reply?.articleId ?? ''}/comments`,
    );
    expect(text).toContain(JSON.stringify(reply?.text).slice(1, 40));
    expect(text).toContain(new Date(reply?.at ?? '').toISOString());
    const found = await createSiteClient(site.url).call('/api/v1/search?q=gravitational+waves');
    expect(found.body).toMatchObject({
      items: expect.arrayContaining([expect.anything()]) as unknown,
    });
    expect(await site.query('SELECT 1 FROM cmt WHERE par_id IS NOT NULL')).not.toEqual([]);
  });

  it('is loaded once: what was deleted stays deleted', async () => {
    await site.query('DELETE FROM cmt');
    expect(await load({ DATABASE_URL: site.database.url })).toEqual({
      code: 0,
      out: 'The sample was loaded before.\n',
    });
    expect(await counts()).toMatchObject({ cmt: '0' });
  });

  it('says what is wrong with its setting or the database', async () => {
    expect(await load({ DATABASE_URL: '' })).toMatchObject({ code: 78 });
    const away = await load({ DATABASE_URL: 'postgres://monolith:wrong@127.0.0.1:9/monolith' });
    expect(away.code).toBe(1);
    expect(away.out).toContain('The sample could not be loaded');
    expect(away.out).not.toContain('wrong');
  });
});
