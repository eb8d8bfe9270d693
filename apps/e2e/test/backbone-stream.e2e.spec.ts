import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { runningSite } from './site.ts';
import { type Activity, serviceUrl, type Timeline, timelineOf } from './support/backbone.ts';
import { cutAllStreams, openStream } from './support/event-stream.ts';
import { type Article, articleAbout, bodyOf, published } from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';

const site = runningSite();
const base = `${serviceUrl(site, 'activity-service')}/api/v1/activity/stream`;
let editor: Person;
let operator: Person;
let timeline: Timeline;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
  timeline = timelineOf(site, operator.token);
});

const open = (query = '', lastEventId?: string) =>
  openStream(`${base}${query}`, operator.token, lastEventId);
const head = async (): Promise<number> => {
  const answer = await timeline.call('GET', '/api/v1/activity?limit=1');
  return bodyOf<{ items: Activity[] }>(answer).items[0]?.id ?? 0;
};

afterEach(cutAllStreams);

describe('the live stream', () => {
  it('cut again and again while articles are written, loses nothing and repeats nothing', async () => {
    const begin = await head();
    const subjects = new Set<string>();
    let writing = true;
    const work = Promise.all(
      Array.from({ length: 3 }, async () => {
        while (writing) subjects.add((await published(editor, articleAbout(rareWord()))).id);
      }),
    );
    const seen: number[] = [];
    let last: string | undefined = String(begin);
    for (let n = 0; n < 12; n += 1) {
      const stream = await open('', last);
      expect(stream.status).toBe(200);
      const wanted = n % 3;
      await stream.until((ids) => ids.length >= wanted);
      await stream.cut();
      seen.push(...stream.ids());
      last = stream.lastId() ?? last;
    }
    writing = false;
    await work;
    const rest = await open('', last);
    const told = async (): Promise<Activity[]> =>
      (await timeline.all({ type: 'newscience.article.*' })).filter(({ subject }) =>
        subjects.has(subject),
      );
    await eventually(async () => expect((await told()).length).toBe(subjects.size));
    const end = await head();
    await rest.until((ids) => (ids.at(-1) ?? 0) >= end || seen.at(-1) === end);
    await rest.cut();
    const all = [...seen, ...rest.ids()].filter((id) => id <= end);
    expect(all).toEqual(Array.from({ length: end - begin }, (_, n) => begin + 1 + n));
  });

  it('gives the same as the timeline, from the start, and to several clients at once', async () => {
    const end = await head();
    const streams = await Promise.all(Array.from({ length: 3 }, () => open('?after=0')));
    for (const stream of streams) await stream.until((ids) => (ids.at(-1) ?? 0) >= end);
    const listed = await timeline.all({});
    for (const stream of streams) {
      await stream.cut();
      const given = stream.events().map(({ data }) => JSON.parse(data ?? '') as Activity);
      expect(given.slice(0, end)).toEqual(listed.slice(0, end));
      for (const { id, event, data } of stream.events())
        expect({ event, id }).toEqual({
          event: 'activity',
          id: String((JSON.parse(data ?? '') as Activity).id),
        });
    }
    expect(streams[0]?.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(streams[0]?.headers.get('cache-control')).toMatch(/no-store|no-cache/);
  });

  it('follows its filters, and without a start begins with what happens next', async () => {
    const { id: other } = await published(editor, articleAbout(rareWord()));
    await timeline.told(other, 1);
    const draft = bodyOf<Article>(
      await editor.call('POST', '/api/v1/articles', articleAbout(rareWord())),
    );
    const streams = await Promise.all([
      open(`?subject=${draft.id}`),
      open('?type=newscience.comment.*'),
      open('?context=route'),
      open(`?subject=${other}&after=0`),
    ]);
    await editor.call('POST', `/api/v1/articles/${draft.id}/publish`, undefined, {
      'if-match': '"1"',
    });
    await editor.call('POST', `/api/v1/articles/${draft.id}/comments`, { text: 'Here' });
    const [own, comments, routes, old] = streams;
    await own.until((ids) => ids.length === 1);
    await comments.until((ids) => ids.length === 1);
    await old.until((ids) => ids.length === 1);
    for (const stream of streams) await stream.cut();
    const types = (stream?: { events: () => readonly { data?: string }[] }): string[] =>
      (stream?.events() ?? []).map(({ data }) => (JSON.parse(data ?? '') as Activity).type);
    expect(types(own)).toEqual(['newscience.article.Published.v1']);
    expect(types(comments)).toEqual(['newscience.comment.Posted.v1']);
    expect(types(routes)).toEqual([]);
  });

  it.each([
    ['not-a-number', 400],
    ['-1', 400],
    ['1e3', 400],
    ['9999999999999999999999', 400],
  ])('says no to Last-Event-ID %s', async (lastEventId, status) => {
    const stream = await open('', lastEventId);
    await stream.cut();
    expect(stream.status).toBe(status);
    expect(stream.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('tells a client that has seen more than there is where to go on', async () => {
    const stream = await open('', '999999999999999');
    await eventually(() => expect(stream.events().map(({ event }) => event)).toContain('reset'));
    const [reset] = stream.events();
    expect(JSON.parse(reset?.data ?? '')).toMatchObject({ head: expect.any(Number) });
    const { id } = await published(editor, articleAbout(rareWord()));
    await stream.until((ids) => ids.length > 0);
    await timeline.told(id, 1);
    await stream.cut();
  });

  it('is for operators, bounded in number, and forgets who left', async () => {
    const reader = await newReader(site.url, 'Listener');
    for (const [token, status] of [
      ['', 401],
      ['x.y.z', 401],
      [reader.token, 403],
      [editor.token, 403],
    ] as const) {
      const stream = await openStream(base, token);
      await stream.cut();
      expect({ token, status: stream.status }).toEqual({ token, status });
    }
    for (let round = 0; round < 2; round += 1) {
      const many = await Promise.all(Array.from({ length: 60 }, () => open()));
      const counts = many.filter(({ status }) => status !== 200).map(({ status }) => status);
      expect(new Set([...counts, 503])).toEqual(new Set([503]));
      for (const refused of many.filter(({ status }) => status === 503))
        expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      await Promise.all(many.map((stream) => stream.cut()));
    }
    await eventually(async () => {
      const one = await open();
      await one.cut();
      expect(one.status).toBe(200);
    });
  });
});
