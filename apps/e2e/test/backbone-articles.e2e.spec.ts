import { beforeAll, describe, expect, it } from '@jest/globals';
import { runningSite } from './site.ts';
import {
  asRole,
  inOneTransaction,
  kind,
  latestOnBus,
  settled,
  type Timeline,
  timelineOf,
} from './support/backbone.ts';
import {
  type Article,
  articleAbout,
  bodyOf,
  drafted,
  moved,
  published,
  runBatch,
} from './support/newsroom.ts';
import { known, type Person, rareWord } from './support/people.ts';

const site = runningSite();
let editor: Person;
let operator: Person;
let timeline: Timeline;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
  timeline = timelineOf(site, operator.token);
});

const edited = async (article: Article, input: object): Promise<Article> =>
  bodyOf<Article>(
    await editor.call('PUT', `/api/v1/articles/${article.id}`, input, {
      'if-match': `"${article.revision}"`,
    }),
  );
const untilSettled = (): Promise<void> =>
  settled(timeline, () => published(editor, articleAbout(rareWord())));
const kinds = async (id: string): Promise<string[]> => (await timeline.of(id)).map(kind);

describe('what an editor does at the site', () => {
  it('is told once each, in order, with the revision of the site', async () => {
    const word = rareWord();
    let article = await published(editor, articleAbout(word));
    const begun = Date.now();
    await timeline.told(article.id, 1);
    console.log(`Published on the site, seen in the timeline ${Date.now() - begun} ms later`);
    for (let n = 1; n <= 5; n += 1)
      article = await edited(article, articleAbout(word, { title: `${word} ${n}` }));
    article = bodyOf<Article>(await moved(editor, article, 'withdraw'));
    article = bodyOf<Article>(await moved(editor, article, 'publish'));
    const events = await timeline.told(article.id, 8);
    await untilSettled();
    expect(await kinds(article.id)).toEqual([
      'Published 2',
      ...[3, 4, 5, 6, 7].map((revision) => `Updated ${revision}`),
      'Withdrawn 8',
      `Published ${article.revision}`,
    ]);
    const pageOnly = ['body', 'commentCount', 'status', 'url', 'embargoUntil'];
    const whole = Object.fromEntries(
      Object.entries(article).filter(([name]) => !pageOnly.includes(name)),
    );
    const { body } = article;
    const last = events.at(-1);
    expect(last?.data).toEqual({ ...whole, bodyBytes: Buffer.byteLength(body) });
    expect(last?.summary).toContain(`${word} 5`);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(8);
    expect(await latestOnBus(site, article.id)).toMatchObject({ data: { ...whole, body } });
  });

  it('comments, views and the search batch are no change of the article', async () => {
    const article = await published(editor, articleAbout(rareWord()));
    await editor.call('POST', `/api/v1/articles/${article.id}/comments`, { text: 'A comment' });
    await fetch(new URL(article.url, site.url), {
      headers: { 'user-agent': 'Mozilla/5.0 Chrome' },
    });
    await runBatch(operator);
    await untilSettled();
    expect(await kinds(article.id)).toEqual(['Published 2']);
  });
});

describe('what is not public', () => {
  const soon = (): string => new Date(Date.now() + 1_500).toISOString();
  const far = { embargoUntil: '2999-01-01T00:00:00.000Z' };

  it('gives no event: drafts, embargoes, moved embargoes, embargoes withdrawn', async () => {
    const draft = await drafted(editor, articleAbout(rareWord()));
    await edited(draft, articleAbout(rareWord()));
    const scheduled = bodyOf<Article>(
      await moved(editor, await drafted(editor, articleAbout(rareWord())), 'schedule', far),
    );
    const again = { embargoUntil: '2998-01-01T00:00:00.000Z' };
    const later = bodyOf<Article>(await moved(editor, scheduled, 'schedule', again));
    const changed = await edited(later, articleAbout(rareWord()));
    const taken = bodyOf<Article>(
      await moved(editor, await drafted(editor, articleAbout(rareWord())), 'schedule', far),
    );
    await moved(editor, taken, 'withdraw');
    await untilSettled();
    for (const { id } of [draft, changed, taken]) expect(await timeline.of(id)).toEqual([]);
    const released = bodyOf<Article>(await moved(editor, changed, 'publish'));
    await timeline.told(released.id, 1);
    expect(await kinds(released.id)).toEqual([`Published ${released.revision}`]);
  });

  it('is told when the search batch ends its embargo, once, with the date of the embargo', async () => {
    const embargoUntil = soon();
    const draft = await drafted(editor, articleAbout(rareWord()));
    await moved(editor, draft, 'schedule', { embargoUntil });
    await untilSettled();
    expect(await timeline.of(draft.id)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, Date.parse(embargoUntil) - Date.now() + 50));
    await runBatch(operator);
    await runBatch(operator);
    const [event] = await timeline.told(draft.id, 1);
    await untilSettled();
    const now = bodyOf<Article>(await editor.call('GET', `/api/v1/articles/${draft.id}`));
    expect(await kinds(draft.id)).toEqual([`Published ${now.revision}`]);
    expect(event?.data).toMatchObject({ publishedAt: embargoUntil });
  });
});

describe('other writers of the legacy database', () => {
  const set = 'UPDATE art SET ttl = $2, rev = rev + 1, upd_ts = now() WHERE art_ref = $1';

  it('three statements in one transaction are one event with the last state', async () => {
    const { id } = await published(editor, articleAbout(rareWord()));
    await inOneTransaction(
      site,
      [set, id, 'first'],
      ['DELETE FROM art_aut WHERE art_id = (SELECT art_id FROM art WHERE art_ref = $1)', id],
      [
        'INSERT INTO art_aut (art_id, seq, aut_nm) SELECT art_id, 1, $2 FROM art WHERE art_ref = $1',
        id,
        'Only One',
      ],
      ['UPDATE art SET ttl = $2 WHERE art_ref = $1', id, 'last'],
    );
    const events = await timeline.told(id, 2);
    await untilSettled();
    expect(await kinds(id)).toEqual(['Published 2', 'Updated 3']);
    expect(events[1]?.data).toMatchObject({ title: 'last', authors: ['Only One'] });
  });

  it('what was rolled back, wholly or to a savepoint, is not told', async () => {
    const { id } = await published(editor, articleAbout(rareWord()));
    await inOneTransaction(
      site,
      [set, id, 'never'],
      ['ROLLBACK'],
      ['BEGIN'],
      ['SAVEPOINT a'],
      [set, id, 'not this'],
      ['ROLLBACK TO a'],
      [set, id, 'but this'],
    );
    const events = await timeline.told(id, 2);
    await untilSettled();
    expect(await kinds(id)).toEqual(['Published 2', 'Updated 3']);
    expect(events[1]?.data).toMatchObject({ title: 'but this' });
  });

  it('a body of 500 KB that is not touched is on the bus whole, also withdrawn', async () => {
    const words = Array.from({ length: 36_000 }, () => rareWord());
    const body = words.join(' ').slice(0, 500_000);
    const article = await published(editor, articleAbout(rareWord(), { body }));
    await inOneTransaction(site, [set, article.id, 'Title alone']);
    await timeline.told(article.id, 2);
    expect(await latestOnBus(site, article.id)).toMatchObject({
      data: { title: 'Title alone', body },
    });
    await moved(editor, { id: article.id, revision: 3 }, 'withdraw');
    const events = await timeline.told(article.id, 3);
    expect(events.map(({ data }) => data['bodyBytes'])).toEqual([500_000, 500_000, 500_000]);
    expect(JSON.stringify(events)).not.toContain(body.slice(1_000, 1_100));
    const latest = await latestOnBus(site, article.id);
    expect(latest).toMatchObject({ type: 'newscience.article.Withdrawn.v1', data: { body } });
  });

  it('a section that gets another name is told for each of its articles, with a revision that grows', async () => {
    const word = rareWord();
    const line = (id: string): string =>
      JSON.stringify({
        id,
        title: id,
        authors: ['Ada'],
        publishedAt: '2015-03-04',
        topics: [],
        section: `Section ${word}`,
        body: 'Text.',
      });
    const ids = [`${word}-1`, `${word}-2`];
    const answer = await fetch(new URL('/api/v1/imports/articles', site.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${editor.token}`, 'content-type': 'application/x-ndjson' },
      body: ids.map(line).join('\n'),
    });
    expect(await answer.json()).toMatchObject({
      results: [{ outcome: 'created' }, { outcome: 'created' }],
    });
    for (const id of ids) await timeline.told(id, 1);
    await inOneTransaction(site, [
      'UPDATE sect SET sect_nm = $2 WHERE sect_nm = $1',
      `Section ${word}`,
      `Renamed ${word}`,
    ]);
    for (const id of ids) {
      const [before, after] = await timeline.told(id, 2);
      expect(after?.data).toMatchObject({ section: { name: `Renamed ${word}` } });
      expect(after?.data['revision']).toBeGreaterThan(Number(before?.data['revision']));
      // What the site does next is still above what was told.
      const article = bodyOf<Article>(await editor.call('GET', `/api/v1/articles/${id}`));
      await edited(article, articleAbout(word));
      const [, , next] = await timeline.told(id, 3);
      expect(next?.data['revision']).toBeGreaterThan(Number(after?.data['revision']));
    }
  });

  it('an article that is deleted, or gets another id, is withdrawn under the old one', async () => {
    const gone = await published(editor, articleAbout(rareWord()));
    const renamed = await published(editor, articleAbout(rareWord()));
    await inOneTransaction(
      site,
      ['DELETE FROM art WHERE art_ref = $1', gone.id],
      ['UPDATE art SET art_ref = $2 WHERE art_ref = $1', renamed.id, `${renamed.id}-new`],
    );
    for (const id of [gone.id, renamed.id]) {
      const events = await timeline.told(id, 2);
      expect(events.map(kind)).toEqual(['Published 2', expect.stringMatching(/^Withdrawn [3-9]$/)]);
    }
    expect((await timeline.told(`${renamed.id}-new`, 1)).map(kind)[0]).toMatch(/^Published /);
  });

  it('a transaction that stays open holds up nobody, and is told when it commits', async () => {
    const held = await published(editor, articleAbout(rareWord()));
    await timeline.told(held.id, 1);
    await asRole(site, 'monolith', 'monolith', async (client) => {
      await client.query('BEGIN');
      await client.query(set, [held.id, 'held']);
      await untilSettled();
      await untilSettled();
      expect(await kinds(held.id)).toEqual(['Published 2']);
      await client.query('COMMIT');
    });
    expect((await timeline.told(held.id, 2)).map(kind)).toEqual(['Published 2', 'Updated 3']);
  });
});
