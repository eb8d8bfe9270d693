import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { runningSite } from './site.ts';
import { kind, latestOnBus, settled, type Timeline, timelineOf } from './support/backbone.ts';
import { articleAbout, bodyOf, published } from './support/newsroom.ts';
import { known, type Person, rareWord } from './support/people.ts';

const site = runningSite();
let editor: Person;
let timeline: Timeline;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  timeline = timelineOf(site, (await known(site.url, site.credentials.operator)).token);
});

const untilSettled = (): Promise<void> =>
  settled(timeline, () => published(editor, articleAbout(rareWord())));

type Line = { id: string } & Record<string, unknown>;
const lineOf = (id: string, changes: Record<string, unknown> = {}): Line => ({
  id,
  title: `Title of ${id}`,
  authors: ['Ada Author'],
  publishedAt: '2015-03-04',
  topics: ['Physics'],
  section: 'Technology',
  body: `Body of ${id}.`,
  ...changes,
});

async function imported(lines: readonly Line[]): Promise<string[]> {
  const response = await fetch(new URL('/api/v1/imports/articles', site.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${editor.token}`, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => JSON.stringify(line)).join('\n'),
  });
  const { results } = (await response.json()) as { results: { outcome: string }[] };
  return results.map(({ outcome }) => outcome);
}

describe('a batch of the import', () => {
  it('is one event for each article that it made or changed, and none for the rest', async () => {
    const word = rareWord();
    const from = new Date(Date.now() - 1_000).toISOString();
    const lines = Array.from({ length: 200 }, (_, n) => lineOf(`${word}-${n}`));
    const told = async (): Promise<Map<string, string[]>> => {
      const found = new Map<string, string[]>();
      for (const event of await timeline.all({ type: 'newscience.article.*', from })) {
        if (event.subject.startsWith(word))
          found.set(event.subject, [...(found.get(event.subject) ?? []), kind(event)]);
      }
      return found;
    };
    expect(new Set(await imported(lines))).toEqual(new Set(['created']));
    await eventually(async () => expect((await told()).size).toBe(200));
    expect(new Set(await imported(lines))).toEqual(new Set(['unchanged']));
    const changed = lines.map((line, n) => (n % 20 === 0 ? { ...line, summary: 'New' } : line));
    expect((await imported(changed)).filter((outcome) => outcome === 'updated')).toHaveLength(10);
    await untilSettled();
    const all = await told();
    for (const [n, { id }] of lines.entries()) {
      const wanted = n % 20 === 0 ? ['Published 1', 'Updated 2'] : ['Published 1'];
      expect({ id, kinds: all.get(id) }).toEqual({ id, kinds: wanted });
    }
  });

  it('with the same article in two lines tells both, in order', async () => {
    const id = rareWord();
    expect(await imported([lineOf(id), lineOf(id, { title: 'The second' })])).toEqual([
      'created',
      'updated',
    ]);
    const [, second] = await timeline.told(id, 2);
    expect(second?.data).toMatchObject({ title: 'The second' });
  });

  it('takes ids that mean something to a program, very long and very short ones, as ids', async () => {
    const word = rareWord();
    const ids = [
      'constructor',
      'tostring',
      'null',
      '0',
      `${word}.-_.`,
      `${word}${'x'.repeat(120 - word.length)}`,
    ];
    const before = new Map<string, number>();
    for (const id of ids) before.set(id, (await timeline.of(id)).length);
    await imported(ids.map((id) => lineOf(id, { title: `${id} ${word}` })));
    for (const id of ids) {
      const events = await timeline.told(id, Number(before.get(id)) + 1);
      expect(events.at(-1)).toMatchObject({ subject: id, data: { id, title: `${id} ${word}` } });
      const { json } = await timeline.call('GET', `/api/v1/activity/subjects/${id}`);
      expect(json).toMatchObject({ count: events.length });
    }
  });
});

describe('what people write stays data', () => {
  const texts = [
    '<script>alert(1)</script><img src=x onerror=alert(1)>',
    `"; DROP TABLE activity; -- ' \\ \\u0000 %00 {{7*7}} \${7*7}`,
    '\u202Eright to left\u202C e\u0301 \u{1F469}\u200D\u{1F52C} \uFFFD \uFEFF ﷽ \u2028 \u2029',
    '𝒮'.repeat(150),
    'id: 999999999\\ndata: {}\\n\\n',
    '__proto__',
  ];

  it.each(texts)('in a title, a name, a topic and a body: %j', async (text) => {
    const word = rareWord();
    const content = {
      title: text,
      kicker: text.slice(0, 200),
      summary: text,
      body: `${text}\n\nid: 7\r\ndata: {"id":7}\n\n${word}`,
      topics: [text.slice(0, 60).trim()],
      authors: [text.slice(0, 60).trim()],
      keywords: [text.slice(0, 60).trim()],
    };
    const article = await published(editor, articleAbout(word, content));
    const [event] = await timeline.told(article.id, 1);
    const { title, summary, kicker, topics, authors, body } = article as unknown as typeof content;
    expect(event?.data).toMatchObject({ title, summary, kicker, topics, authors });
    expect(event?.data['bodyBytes']).toBe(Buffer.byteLength(body));
    expect(await latestOnBus(site, article.id)).toMatchObject({ data: { title, authors, body } });
    expect(event?.summary.length).toBeLessThan(500);
    expect(event?.summary).not.toMatch(/[\n\r]/);
    const { headers } = await timeline.call('GET', `/api/v1/activity?subject=${article.id}`);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('a comment of 5,000 characters, with lines like those of a stream', async () => {
    const article = await published(editor, articleAbout(rareWord()));
    const text = `\r\n\r\nid: 999999999\r\ndata: {}\r\n\r\n<b>${'😀'.repeat(2_400)}`;
    const answer = await editor.call('POST', `/api/v1/articles/${article.id}/comments`, { text });
    const { id, text: kept } = bodyOf<{ id: string; text: string }>(answer);
    const [event] = await timeline.told(id, 1);
    expect(event?.data).toMatchObject({ text: kept, articleId: article.id });
    expect(event?.summary.length).toBeLessThan(500);
  });
});
