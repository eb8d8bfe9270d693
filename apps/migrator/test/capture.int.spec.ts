import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { addArticle, addComment, addSection, addUser, inTransaction } from './legacy-writer.ts';

let site: CaptureSite;
let first: { articleId: number; userId: number };
beforeAll(async () => {
  site = await captureSite();
  await addSection(site.legacy);
  const ada = await addUser(site.legacy, 'Ada');
  const before = await inTransaction(site.legacy, (client) =>
    addArticle(client, { ref: 'before', authors: ['Ada', 'Ben'] }),
  );
  await addArticle(site.legacy, { ref: 'draft', status: 'D' });
  await addComment(site.legacy, { articleId: before, userId: ada.id, text: 'First!' });
  first = { articleId: before, userId: ada.id };
  await site.start();
  await site.settled();
}, 60_000);
afterAll(() => site.close());

const typesOf = async (subject: string) =>
  (await site.eventsOf(subject)).map(({ type }) => type.replace('newscience.', ''));
const lastOf = async (subject: string) => (await site.eventsOf(subject)).at(-1)?.data;

describe('the first snapshot', () => {
  it('tells what is published, and no draft', async () => {
    expect((await site.events()).map(({ type }) => type).sort()).toEqual([
      'newscience.article.Published.v1',
      'newscience.comment.Posted.v1',
      'newscience.user.Registered.v1',
    ]);
    expect(await lastOf('before')).toMatchObject({
      id: 'before',
      revision: 1,
      authors: ['Ada', 'Ben'],
      section: { code: 'physics', name: 'Physics' },
      keywords: ['one', 'two'],
    });
  });
});

describe('an article', () => {
  it('that is changed in three statements of one transaction is one event', async () => {
    await inTransaction(site.legacy, async (client) => {
      await client.query("UPDATE art SET ttl = 'New', rev = rev + 1 WHERE art_ref = 'before'");
      await client.query('DELETE FROM art_aut WHERE art_id = $1', [first.articleId]);
      await client.query("INSERT INTO art_aut VALUES ($1, 2, 'Dee'), ($1, 1, 'Cy')", [
        first.articleId,
      ]);
    });
    await site.settled();
    expect(await typesOf('before')).toEqual(['article.Published.v1', 'article.Updated.v1']);
    expect(await lastOf('before')).toMatchObject({
      title: 'New',
      authors: ['Cy', 'Dee'],
      revision: 2,
    });
  });

  it('that is changed twice in one transaction is one event, with the last state', async () => {
    await addArticle(site.legacy, { ref: 'twice' });
    await inTransaction(site.legacy, async (client) => {
      await client.query("UPDATE art SET ttl = 'one', rev = rev + 1 WHERE art_ref = 'twice'");
      await client.query("UPDATE art SET ttl = 'two', rev = rev + 1 WHERE art_ref = 'twice'");
    });
    await site.settled();
    const events = await site.eventsOf('twice');
    expect(events.map(({ id }) => id)).toEqual(['twice/1', 'twice/3']);
    expect(events[1]?.data).toMatchObject({ title: 'two' });
  });

  it('that is changed quickly, each time in a transaction of its own, is as many events', async () => {
    await addArticle(site.legacy, { ref: 'quick' });
    for (let n = 2; n <= 30; n += 1)
      await site.legacy.query(
        "UPDATE art SET ttl = 'n' || $1::text, rev = $1::int WHERE art_ref = 'quick'",
        [n],
      );
    await site.settled();
    const events = await site.eventsOf('quick');
    expect(events.map(({ id }) => id)).toEqual(
      Array.from({ length: 30 }, (_, index) => `quick/${index + 1}`),
    );
    expect(events.slice(1).map(({ data }) => ('title' in data ? data.title : ''))).toEqual(
      Array.from({ length: 29 }, (_, index) => `n${index + 2}`),
    );
  });

  it('whose large body PostgreSQL does not send again keeps it', async () => {
    const body = randomBytes(196_608).toString('base64');
    expect(body).toHaveLength(262_144);
    await addArticle(site.legacy, { ref: 'large', body });
    await site.legacy.query("UPDATE art SET ttl = 'T', rev = 2 WHERE art_ref = 'large'");
    await inTransaction(site.legacy, async (client) => {
      await client.query("UPDATE art SET bdy = bdy || '!', rev = 3 WHERE art_ref = 'large'");
      await client.query("UPDATE art SET smry = 'S' WHERE art_ref = 'large'");
    });
    await site.settled();
    const events = await site.eventsOf('large');
    expect(events.map(({ data }) => ('body' in data ? data.body : null))).toEqual([
      body,
      body,
      `${body}!`,
    ]);
    expect(events[2]?.data).toMatchObject({ title: 'T', summary: 'S', revision: 3 });
  });

  it('with the largest body that the site takes arrives whole', async () => {
    const body = `${'ä'.repeat(131_072)}${randomBytes(131_072).toString('hex')}`;
    expect(Buffer.byteLength(body)).toBe(524_288);
    await addArticle(site.legacy, { ref: 'largest', body });
    await site.settled();
    expect(await lastOf('largest')).toMatchObject({ body });
  });

  it('is withdrawn and published again', async () => {
    await addArticle(site.legacy, { ref: 'back' });
    await site.legacy.query(
      "UPDATE art SET sts = 'W', wdr_ts = '2026-04-01T10:00:00.123Z', rev = 2 WHERE art_ref = 'back'",
    );
    await site.legacy.query(
      "UPDATE art SET sts = 'P', wdr_ts = NULL, rev = 3 WHERE art_ref = 'back'",
    );
    await site.settled();
    const events = await site.eventsOf('back');
    expect(events.map(({ type }) => type.split('.')[2])).toEqual([
      'Published',
      'Withdrawn',
      'Published',
    ]);
    expect(events[1]?.data).toMatchObject({
      revision: 2,
      withdrawnAt: '2026-04-01T10:00:00.123Z',
    });
  });

  it('under embargo is told when it is published', async () => {
    await addArticle(site.legacy, { ref: 'embargoed', status: 'E' });
    await site.settled();
    expect(await typesOf('embargoed')).toEqual([]);
    await site.legacy.query(
      "UPDATE art SET sts = 'P', pub_ts = emb_ts, emb_ts = NULL, rev = 2 WHERE art_ref = 'embargoed'",
    );
    await site.settled();
    expect(await typesOf('embargoed')).toEqual(['article.Published.v1']);
  });

  it('that was rolled back, with a savepoint or whole, is no event', async () => {
    await expect(
      inTransaction(site.legacy, async (client) => {
        await addArticle(client, { ref: 'rolled-back' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await inTransaction(site.legacy, async (client) => {
      await addArticle(client, { ref: 'kept' });
      await client.query('SAVEPOINT s');
      await client.query("UPDATE art SET ttl = 'lost' WHERE art_ref = 'kept'");
      await addArticle(client, { ref: 'lost' });
      await client.query('ROLLBACK TO s');
    });
    await site.settled();
    expect(await typesOf('rolled-back')).toEqual([]);
    expect(await typesOf('lost')).toEqual([]);
    expect(await lastOf('kept')).toMatchObject({ title: 'Title of kept' });
  });

  it('that is deleted is withdrawn as it was told, and its comments are deleted', async () => {
    const id = await addArticle(site.legacy, { ref: 'deleted', title: 'As told' });
    const comment = await addComment(site.legacy, { ...first, articleId: id, text: 'Gone soon' });
    await site.legacy.query('DELETE FROM art WHERE art_id = $1', [id]);
    await site.settled();
    expect(await typesOf('deleted')).toEqual(['article.Published.v1', 'article.Withdrawn.v1']);
    expect(await lastOf('deleted')).toMatchObject({ title: 'As told', revision: 2 });
    expect(await typesOf(comment.ref)).toEqual(['comment.Posted.v1', 'comment.Deleted.v1']);
  });

  it('that is made anew under the name of a deleted one goes on from its revision', async () => {
    await addArticle(site.legacy, { ref: 'deleted', title: 'Anew' });
    await site.settled();
    expect(await lastOf('deleted')).toMatchObject({ title: 'Anew', revision: 3 });
  });

  it('whose name is changed is withdrawn under the old one', async () => {
    await addArticle(site.legacy, { ref: 'old-name' });
    await site.legacy.query(
      "UPDATE art SET art_ref = 'new-name', rev = rev + 1 WHERE art_ref = 'old-name'",
    );
    await site.settled();
    expect(await typesOf('old-name')).toEqual(['article.Published.v1', 'article.Withdrawn.v1']);
    expect(await typesOf('new-name')).toEqual(['article.Published.v1']);
  });

  it('swaps its name with another in one transaction', async () => {
    const a = await addArticle(site.legacy, { ref: 'swap-a', title: 'A' });
    const b = await addArticle(site.legacy, { ref: 'swap-b', title: 'B' });
    await inTransaction(site.legacy, async (client) => {
      const rename = 'UPDATE art SET art_ref = $2, rev = rev + 1 WHERE art_id = $1';
      await client.query(rename, [a, 'swap-c']);
      await client.query(rename, [b, 'swap-a']);
      await client.query(rename, [a, 'swap-b']);
    });
    await site.settled();
    expect(await typesOf('swap-c')).toEqual([]);
    expect(await lastOf('swap-a')).toMatchObject({ title: 'B', revision: 2 });
    expect(await lastOf('swap-b')).toMatchObject({ title: 'A', revision: 3 });
  });

  it('whose list is put into another order by new keys keeps all of it', async () => {
    const id = await addArticle(site.legacy, { ref: 'reordered', authors: ['Eve', 'Fay', 'Gus'] });
    await inTransaction(site.legacy, async (client) => {
      await client.query('UPDATE art_aut SET seq = 9 WHERE art_id = $1 AND seq = 1', [id]);
      await client.query('UPDATE art_aut SET seq = 1 WHERE art_id = $1 AND seq = 3', [id]);
      await client.query('UPDATE art SET rev = 2 WHERE art_id = $1', [id]);
    });
    await site.settled();
    const events = await site.eventsOf('reordered');
    expect(events).toHaveLength(2);
    expect(events[1]?.data).toMatchObject({ authors: ['Gus', 'Fay', 'Eve'] });
  });

  it('changed past the application, without a revision, is told with a revision of its own', async () => {
    await addArticle(site.legacy, { ref: 'patched' });
    await site.legacy.query("UPDATE art SET ttl = 'by hand' WHERE art_ref = 'patched'");
    await site.legacy.query(
      "UPDATE art SET ttl = 'by the site', rev = 2 WHERE art_ref = 'patched'",
    );
    await site.settled();
    const events = await site.eventsOf('patched');
    expect(events.map(({ id }) => id)).toEqual(['patched/1', 'patched/2', 'patched/3']);
  });
});

it('a section that gets another name changes its articles', async () => {
  await addSection(site.legacy, 'biology', 'Biology');
  for (const ref of ['cell', 'tree']) {
    await addArticle(site.legacy, { ref });
    await site.legacy.query("UPDATE art SET sect_cd = 'biology', rev = 2 WHERE art_ref = $1", [
      ref,
    ]);
  }
  await site.legacy.query("UPDATE sect SET sect_nm = 'Life' WHERE sect_cd = 'biology'");
  await site.settled();
  expect(await lastOf('cell')).toMatchObject({ section: { name: 'Life' }, revision: 3 });
  expect(await lastOf('tree')).toMatchObject({ section: { name: 'Life' }, revision: 3 });
});
