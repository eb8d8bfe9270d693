import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { captureSite, type CaptureSite } from './capture-site.ts';
import { addArticle, addComment, addSection, addUser, inTransaction } from './legacy-writer.ts';

let site: CaptureSite;
let articleId: number;
beforeAll(async () => {
  site = await captureSite();
  await site.start();
  await addSection(site.legacy);
  articleId = await addArticle(site.legacy, { ref: 'discussed' });
  await site.settled();
}, 60_000);
afterAll(() => site.close());

const told = async (subject: string) =>
  (await site.eventsOf(subject)).map(({ type }) => type.split('.').slice(1, 3).join('.'));
const lastOf = async (subject: string) => (await site.eventsOf(subject)).at(-1)?.data;

describe('a user', () => {
  it('registers, gets a role, is suspended, and leaves', async () => {
    const { id, ref } = await addUser(site.legacy, 'Ines');
    await site.legacy.query("UPDATE usr SET rol = 'C', upd_ts = now() WHERE usr_id = $1", [id]);
    await site.legacy.query("UPDATE usr SET sts = 'X' WHERE usr_id = $1", [id]);
    await site.legacy.query('DELETE FROM usr WHERE usr_id = $1', [id]);
    await site.settled();
    const events = await site.eventsOf(ref);
    expect(events.map(({ id: event }) => event.split('/')[1])).toEqual([
      'registered',
      'changed-2',
      'changed-3',
      'removed',
    ]);
    expect(events[1]?.data).toMatchObject({ name: 'Ines', role: 'contributor', status: 'active' });
    expect(events[2]?.data).toMatchObject({ status: 'suspended' });
    expect(events[3]?.data).toEqual({ id: ref });
  });

  it('who changes the password or the mail address is no event', async () => {
    const { id, ref } = await addUser(site.legacy, 'Jon');
    await site.legacy.query(
      "UPDATE usr SET pwd_hsh = 'another-hash', tok_ver = 2, upd_ts = now(), eml = 'j@x.example', eml_lc = 'j@x.example' WHERE usr_id = $1",
      [id],
    );
    await site.settled();
    expect(await told(ref)).toEqual(['user.Registered']);
  });

  it('leaves no name on the comments, and none in the latest event of each', async () => {
    const kim = await addUser(site.legacy, 'Kim');
    const shown = await addComment(site.legacy, { articleId, userId: kim.id, text: 'Stays' });
    const hidden = await addComment(site.legacy, { articleId, userId: kim.id, text: 'Hidden' });
    await site.legacy.query("UPDATE cmt SET sts = 'H' WHERE cmt_id = $1", [hidden.id]);
    await site.legacy.query('DELETE FROM usr WHERE usr_id = $1', [kim.id]);
    await site.settled();
    expect(await told(shown.ref)).toEqual(['comment.Posted', 'comment.Updated']);
    expect(await told(hidden.ref)).toEqual(['comment.Posted', 'comment.Hidden', 'comment.Hidden']);
    expect(await lastOf(shown.ref)).toMatchObject({ author: null, text: 'Stays' });
    expect(await lastOf(hidden.ref)).toMatchObject({ author: null });
    expect(await told(kim.ref)).toEqual(['user.Registered', 'user.Removed']);
    const { rows } = await site.own.query(
      "SELECT 1 FROM mirror WHERE content::text LIKE '%Kim%' UNION ALL SELECT 1 FROM published WHERE data::text LIKE '%Kim%'",
    );
    expect(rows).toEqual([]);
  });
});

describe('a comment', () => {
  it('is posted, hidden, restored, hidden again and deleted', async () => {
    const lea = await addUser(site.legacy, 'Lea');
    const { id, ref } = await addComment(site.legacy, { articleId, userId: lea.id, text: 'Why?' });
    for (const sts of ['H', 'V', 'H'])
      await site.legacy.query('UPDATE cmt SET sts = $2 WHERE cmt_id = $1', [id, sts]);
    await site.legacy.query('DELETE FROM cmt WHERE cmt_id = $1', [id]);
    await site.settled();
    const events = await site.eventsOf(ref);
    expect(events.map((event) => event.id.split('/')[1])).toEqual([
      'posted',
      'hidden-2',
      'restored-3',
      'hidden-4',
      'deleted',
    ]);
    expect(events[0]?.data).toMatchObject({
      articleId: 'discussed',
      parentId: null,
      author: { id: lea.ref, name: 'Lea' },
      text: 'Why?',
    });
    expect(events[4]?.data).not.toHaveProperty('text');
  });

  it('that was answered is deleted when it becomes a placeholder, once', async () => {
    const mia = await addUser(site.legacy, 'Mia');
    const top = await addComment(site.legacy, { articleId, userId: mia.id, text: 'Top' });
    const reply = await addComment(site.legacy, {
      articleId,
      userId: mia.id,
      text: 'Reply',
      parentId: top.id,
    });
    await site.legacy.query("UPDATE cmt SET sts = 'X', txt = '', usr_id = NULL WHERE cmt_id = $1", [
      top.id,
    ]);
    await inTransaction(site.legacy, async (client) => {
      await client.query('DELETE FROM cmt WHERE cmt_id = $1', [reply.id]);
      await client.query('DELETE FROM cmt WHERE cmt_id = $1', [top.id]);
    });
    await site.settled();
    expect(await told(top.ref)).toEqual(['comment.Posted', 'comment.Deleted']);
    expect(await told(reply.ref)).toEqual(['comment.Posted', 'comment.Deleted']);
    expect((await site.eventsOf(reply.ref))[0]?.data).toMatchObject({ parentId: top.ref });
  });

  it('is deleted when the whole table is emptied', async () => {
    const noa = await addUser(site.legacy, 'Noa');
    const { ref } = await addComment(site.legacy, { articleId, userId: noa.id, text: 'All go' });
    await site.admin.query('TRUNCATE cmt CASCADE');
    await site.settled();
    expect(await told(ref)).toEqual(['comment.Posted', 'comment.Deleted']);
  });
});

it('events of one legacy transaction have one trace, those of another one have another', async () => {
  const { a, b } = await inTransaction(site.legacy, async (client) => ({
    a: await addUser(client, 'Ono'),
    b: await addUser(client, 'Pia'),
  }));
  const c = await addUser(site.legacy, 'Quinn');
  await site.settled();
  const [traceA, traceB, traceC] = await Promise.all(
    [a, b, c].map(async ({ ref }) => (await site.eventsOf(ref))[0]?.traceparent),
  );
  expect(traceA).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(traceB).toBe(traceA);
  expect(traceC).not.toBe(traceA);
});

it('neither mail addresses nor hashes leave the legacy database', async () => {
  const { rows } = await site.own.query<{ text: string }>(
    'SELECT content::text AS text FROM mirror UNION ALL SELECT data::text FROM published WHERE data IS NOT NULL',
  );
  const all = `${rows.map(({ text }) => text).join('\n')}\n${JSON.stringify(await site.events())}`;
  expect(all).toContain('Quinn');
  expect(all).not.toMatch(/@|hash|eml|pwd/);
});
