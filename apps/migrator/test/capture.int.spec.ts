import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { addArticle, addComment, addSection, addUser, inTransaction } from './legacy-writer.ts';

let site: CaptureSite;
beforeAll(async () => {
  site = await captureSite();
  await addSection(site.legacy);
  const ada = await addUser(site.legacy, 'Ada');
  const before = await inTransaction(site.legacy, (client) =>
    addArticle(client, { ref: 'before', authors: ['Ada', 'Ben'] }),
  );
  await addArticle(site.legacy, { ref: 'draft', status: 'D' });
  await addComment(site.legacy, { articleId: before, userId: ada.id, text: 'First!' });
  await site.start();
  await site.settled();
}, 60_000);
afterAll(() => site.close());

const typesOf = async (subject: string) =>
  (await site.eventsOf(subject)).map(({ type }) => type.replace('newscience.', ''));

describe('the first snapshot', () => {
  it('tells what is published, and no draft', async () => {
    expect((await site.events()).map(({ type }) => type).sort()).toEqual([
      'newscience.article.Published.v1',
      'newscience.comment.Posted.v1',
      'newscience.user.Registered.v1',
    ]);
    expect((await site.eventsOf('before'))[0]?.data).toMatchObject({
      id: 'before',
      revision: 1,
      authors: ['Ada', 'Ben'],
      section: { code: 'physics', name: 'Physics' },
      keywords: ['one', 'two'],
    });
  });
});

describe('a change', () => {
  it('of an article in three statements of one transaction is one event', async () => {
    await inTransaction(site.legacy, async (client) => {
      await client.query("UPDATE art SET ttl = 'New', rev = rev + 1 WHERE art_ref = 'before'");
      await client.query(
        "DELETE FROM art_aut WHERE art_id = (SELECT art_id FROM art WHERE art_ref = 'before')",
      );
      await client.query(
        "INSERT INTO art_aut SELECT art_id, 1, 'Cy' FROM art WHERE art_ref = 'before'",
      );
    });
    await site.settled();
    expect(await typesOf('before')).toEqual(['article.Published.v1', 'article.Updated.v1']);
    expect((await site.eventsOf('before'))[1]?.data).toMatchObject({
      title: 'New',
      authors: ['Cy'],
      revision: 2,
    });
  });

  it('that was rolled back is none', async () => {
    await expect(
      inTransaction(site.legacy, async (client) => {
        await addArticle(client, { ref: 'rolled-back' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await site.settled();
    expect(await typesOf('rolled-back')).toEqual([]);
  });
});
