import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { runningSite } from './site.ts';
import {
  type Activity,
  everythingIn,
  inOneTransaction,
  kind,
  latestOnBus,
  settled,
  type Timeline,
  timelineOf,
} from './support/backbone.ts';
import { articleAbout, bodyOf, drafted, moved, published } from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';

const site = runningSite();
const databases = ['bus', 'migrator', 'activity_service', 'gateway'];
const backboneLogs = ['migrator.log', 'activity-service.log'];
/** Also of what anybody wrote into a URL: other specs write the names of columns there. */
const allLogs = [...backboneLogs, 'gateway.log'];
let editor: Person;
let operator: Person;
let timeline: Timeline;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
  timeline = timelineOf(site, operator.token);
});

const untilSettled = (): Promise<void> =>
  settled(timeline, () => published(editor, articleAbout(rareWord())));
const idOf = async (person: Person): Promise<string> =>
  bodyOf<{ id: string }>(await person.call('GET', '/api/v1/me')).id;
const kinds = async (id: string): Promise<string[]> => (await timeline.of(id)).map(kind);

async function commented(
  person: Person,
  articleId: string,
  text: string,
  parentId?: string,
): Promise<string> {
  const path = `/api/v1/articles/${articleId}/comments`;
  const answer = await person.call('POST', path, { text, ...(parentId && { parentId }) });
  if (answer.status !== 201) throw new Error(`No comment: ${answer.status} ${answer.text}`);
  return bodyOf<{ id: string }>(answer).id;
}

/** Rows, answers and log lines that hold a text, whatever its case. */
async function tracesOf(text: string, places = databases, logs = allLogs): Promise<string[]> {
  const wanted = text.toLowerCase();
  const found = [];
  for (const database of places)
    for (const row of await everythingIn(site, database))
      if (row.toLowerCase().includes(wanted)) found.push(`${database} ${row.slice(0, 300)}`);
  for (const name of logs)
    if (
      readFileSync(join(site.dataDir, 'logs', name), 'utf8')
        .toLowerCase()
        .includes(wanted)
    )
      found.push(name);
  return found;
}

describe('accounts', () => {
  it('are told from registration to removal; mail addresses and passwords never are', async () => {
    const person = await newReader(site.url, 'Passing');
    const id = await idOf(person);
    const [registered] = await timeline.told(id, 1);
    expect(registered?.type).toBe('newscience.user.Registered.v1');
    expect(Object.keys(registered?.data ?? {}).sort()).toEqual(
      ['id', 'name', 'registeredAt', 'role', 'status'].sort(),
    );
    expect(registered?.data).toMatchObject({
      id,
      name: person.name,
      role: 'reader',
      status: 'active',
    });

    const { password } = person;
    await person.call('POST', '/api/v1/me/password', {
      currentPassword: password,
      newPassword: 'lantern gravel otherwise',
    });
    const again = await known(site.url, {
      email: person.email,
      password: 'lantern gravel otherwise',
    });
    await again.call('PUT', '/api/v1/me/subscriptions/sections/technology');
    const secondAddress = `${rareWord()}@example.org`;
    await inOneTransaction(site, [
      'UPDATE usr SET eml = $2, eml_lc = $2, upd_ts = now() WHERE usr_ref = $1',
      id,
      secondAddress,
    ]);
    await untilSettled();
    expect(await kinds(id)).toEqual(['Registered']);

    await operator.call('PUT', `/api/v1/accounts/${id}/role`, { role: 'contributor' });
    await timeline.told(id, 2);
    await inOneTransaction(site, ["UPDATE usr SET sts = 'X' WHERE usr_ref = $1", id]);
    await timeline.told(id, 3);
    const renamed = `Renamed ${rareWord()}`;
    await inOneTransaction(
      site,
      ['UPDATE usr SET nm = $2 WHERE usr_ref = $1', id, 'not yet'],
      ["UPDATE usr SET nm = $2, sts = 'A' WHERE usr_ref = $1", id, renamed],
    );
    const changes = (await timeline.told(id, 4)).slice(1);
    expect(changes.map(kind)).toEqual(['ProfileChanged', 'ProfileChanged', 'ProfileChanged']);
    expect(changes.map(({ data }) => [data['role'], data['status'], data['name']])).toEqual([
      ['contributor', 'active', person.name],
      ['contributor', 'suspended', person.name],
      ['contributor', 'active', renamed],
    ]);

    const addresses = [person.email, secondAddress, editor.email, operator.email];
    for (const secret of [...addresses, '$argon2'])
      expect({ secret, found: await tracesOf(secret) }).toEqual({ secret, found: [] });
    for (const column of ['pwd_hsh', 'eml_lc']) {
      const found = await tracesOf(column, databases, backboneLogs);
      expect({ column, found }).toEqual({ column, found: [] });
    }
  });

  it('that are removed leave no name: not in the timeline, the mirror, or the latest events', async () => {
    const leaver = await newReader(site.url, 'Leaving');
    const id = await idOf(leaver);
    const sameName = { ...(await newReader(site.url, 'Staying')) };
    const stayingId = await idOf(sameName);
    await operator.call('PUT', `/api/v1/accounts/${id}/role`, { role: 'contributor' });
    const author = await known(site.url, leaver);
    const article = await published(editor, articleAbout(rareWord()));
    const own = await drafted(author, articleAbout(rareWord()));
    await moved(editor, own, 'publish');
    const comment = await commented(author, article.id, 'What I think');
    const reply = await commented(sameName, article.id, 'What I reply', comment);
    await editor.call('POST', `/api/v1/comments/${reply}/hide`);
    const hidden = await commented(author, article.id, 'Something to be hidden');
    await editor.call('POST', `/api/v1/comments/${hidden}/hide`);
    await timeline.told(hidden, 2);
    await timeline.told(id, 2);
    expect((await tracesOf(leaver.name)).length).toBeGreaterThan(0);

    const { password } = leaver;
    expect((await author.call('DELETE', '/api/v1/me', { password })).status).toBe(204);
    await eventually(async () => expect((await kinds(id)).at(-1)).toBe('Removed'));
    await untilSettled();
    // What is left is on the bus, in events that newer ones replaced; they go after the time of the topic.
    await eventually(async () =>
      expect(await tracesOf(leaver.name, ['migrator', 'activity_service'])).toEqual([]),
    );
    for (const subject of [id, comment, hidden])
      expect(JSON.stringify(await latestOnBus(site, subject))).not.toContain(leaver.name);
    expect(await latestOnBus(site, comment)).toMatchObject({
      data: { author: null, text: 'What I think' },
    });
    expect(await kinds(own.id)).toEqual(['Published 2']);
    for (const path of [`subjects/${id}`, `subjects/${comment}`, `subjects/${article.id}`])
      expect((await timeline.call('GET', `/api/v1/activity/${path}`)).text).not.toContain(
        leaver.name,
      );
    const erased = (await timeline.of(id)).filter(({ type }) => !type.endsWith('Removed.v1'));
    for (const { data, summary, erasedAt } of erased) {
      expect(erasedAt).not.toBeNull();
      expect(data).not.toHaveProperty('name');
      expect(summary).not.toContain('Leaving');
    }
    // The others keep theirs, and the discussion as it was.
    expect((await timeline.of(stayingId))[0]?.data).toMatchObject({ name: sameName.name });
    expect((await timeline.of(reply))[0]?.data).toMatchObject({
      author: { name: sameName.name },
      text: 'What I reply',
    });
  });
});

describe('comments', () => {
  it('are told when they are posted, hidden, restored and deleted, and a report is not', async () => {
    const reader = await newReader(site.url, 'Writer');
    const { id: articleId } = await published(editor, articleAbout(rareWord()));
    const word = rareWord();
    const id = await commented(reader, articleId, `About ${word}`);
    const [posted] = await timeline.told(id, 1);
    expect(posted?.data).toMatchObject({
      id,
      articleId,
      parentId: null,
      text: `About ${word}`,
      author: { id: await idOf(reader), name: reader.name },
    });
    await editor.call('POST', `/api/v1/comments/${id}/report`, { reason: `Because ${word}` });
    for (let round = 0; round < 2; round += 1) {
      await editor.call('POST', `/api/v1/comments/${id}/hide`);
      await editor.call('POST', `/api/v1/comments/${id}/hide`);
      await editor.call('POST', `/api/v1/comments/${id}/keep`);
    }
    const answer = await commented(editor, articleId, 'An answer', id);
    expect((await reader.call('DELETE', `/api/v1/comments/${id}`)).status).toBe(204);
    const steps = ['Posted', 'Hidden', 'Restored', 'Hidden', 'Restored', 'Deleted'];
    const events = await timeline.told(id, steps.length);
    await untilSettled();
    expect((await timeline.of(id)).map(kind)).toEqual(steps);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(steps.length);
    await eventually(async () =>
      expect(await tracesOf(word, ['migrator', 'activity_service'])).toEqual([]),
    );
    expect(JSON.stringify(await latestOnBus(site, id))).not.toContain(word);
    for (const { data, erasedAt, type } of await timeline.of(id)) {
      expect(data).not.toHaveProperty('text');
      expect(data).not.toHaveProperty('author');
      if (!type.endsWith('Deleted.v1')) expect(erasedAt).not.toBeNull();
    }
    expect((await timeline.of(answer))[0]?.data).toMatchObject({ parentId: id, text: 'An answer' });
    const about = bodyOf<{ items: Activity[] }>(
      await timeline.call('GET', `/api/v1/activity/subjects/${articleId}`),
    ).items;
    expect(about.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([articleId, id, answer]),
    );
    const ids = about.map((activity) => activity.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('go with their article', async () => {
    const article = await published(editor, articleAbout(rareWord()));
    const word = rareWord();
    const id = await commented(editor, article.id, word);
    await timeline.told(id, 1);
    await inOneTransaction(
      site,
      ['DELETE FROM cmt WHERE art_id = (SELECT art_id FROM art WHERE art_ref = $1)', article.id],
      ['DELETE FROM art WHERE art_ref = $1', article.id],
    );
    expect((await timeline.told(id, 2)).map(kind)).toEqual(['Posted', 'Deleted']);
    expect((await timeline.told(article.id, 2)).map(kind)[1]).toMatch(/^Withdrawn/);
    await eventually(async () =>
      expect(await tracesOf(word, ['activity_service', 'migrator'])).toEqual([]),
    );
  });
});
