import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { runningSite } from './site.ts';
import { type Activity, type Timeline, timelineOf } from './support/backbone.ts';
import type { Outcome } from './support/command.ts';
import { events, startEvents } from './support/event-command.ts';
import { type Article, articleAbout, moved, published } from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';

const site = runningSite();
let editor: Person;
let reader: Person;
let timeline: Timeline;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  timeline = timelineOf(site, (await known(site.url, site.credentials.operator)).token);
  reader = await newReader(site.url, 'Terminal');
});

const run = (args: string[], env?: Record<string, string>): Promise<Outcome> =>
  events(site, args, env);
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('npm run events -- tail', () => {
  it('shows an article while it is published, and ends on Ctrl-C without a fuss', async () => {
    const plain = startEvents(site, ['tail', '--type', 'newscience.article.*']);
    const machine = startEvents(site, [
      'tail',
      '--json',
      '--type',
      'newscience.article.Withdrawn.v1',
    ]);
    const shown: Article[] = [];
    // Until both have connected nothing tells that they have: what is published shows it.
    await eventually(
      async () => {
        const article = await published(editor, articleAbout(rareWord()));
        shown.push(article);
        await moved(editor, article, 'withdraw');
        expect(plain.output()).toContain(' newscience.article.Published.v1 ');
        expect(machine.output()).toContain('"newscience.article.Withdrawn.v1"');
      },
      { everyMs: 300 },
    );
    const last = await published(editor, articleAbout(rareWord()));
    const begun = Date.now();
    await eventually(() => expect(plain.output()).toContain(last.id));
    console.log(`On the command line ${Date.now() - begun} ms after the site had said yes`);
    plain.interrupt();
    machine.interrupt();
    const [text, json] = await Promise.all([plain.done, machine.done]);
    expect({ code: text.code, err: text.err }).toEqual({ code: 0, err: '' });
    expect({ code: json.code, err: json.err }).toEqual({ code: 0, err: '' });
    expect(text.out).not.toMatch(/newscience\.(user|comment|route)\./);
    for (const line of lines(json.out))
      expect(JSON.parse(line)).toMatchObject({ type: 'newscience.article.Withdrawn.v1' });
    const ids = lines(text.out).map((line) => line.split(/ {2}/).slice(1, 3).join(' '));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('--since and --subject give what was, in order, --limit ends it', async () => {
    const article = await published(editor, articleAbout(rareWord()));
    await moved(editor, article, 'withdraw');
    const told = await timeline.told(article.id, 2);
    const args = ['tail', '--since', '10m', '--subject', article.id, '--limit', '2'];
    const { code, out, err } = await run([...args, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const given = lines(out).map((line) => JSON.parse(line) as Activity);
    expect(given.map(({ id }) => id)).toEqual(told.map(({ id }) => id));
    const plain = await run(args);
    expect(lines(plain.out)).toHaveLength(2);
    expect(plain.out).toMatch(/was published[\s\S]*was withdrawn/);
  });

  it('keeps a title from ruling the terminal or looking like another line', async () => {
    const title =
      '\u202Eevil\u202C \u2028 2026-01-01T00:00:00.000Z  newscience.user.Removed.v1 \u2066x';
    const article = await published(editor, articleAbout(rareWord(), { title }));
    await timeline.told(article.id, 1);
    const comment = await editor.call('POST', `/api/v1/articles/${article.id}/comments`, {
      text: 'x',
    });
    expect(comment.status).toBe(201);
    const args = ['tail', '--since', '10m', '--subject', article.id, '--limit', '1'];
    const { out } = await run(args);
    expect(lines(out)).toHaveLength(1);
    expect(out).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
    );
    const json = await run([...args, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ data: { title: article.title } });
  });
});

describe('npm run events -- lag and dead', () => {
  it('shows every consumer, for people and for programs', async () => {
    const plain = await run(['lag']);
    expect(plain).toMatchObject({ code: 0, err: '' });
    for (const context of ['article', 'comment', 'user', 'route'])
      expect(plain.out).toMatch(new RegExp(`activity-service +newscience\\.${context} `));
    const json = await run(['lag', '--json']);
    expect({ code: json.code, told: JSON.parse(json.out) as unknown }).toEqual({
      code: 0,
      told: expect.objectContaining({
        items: expect.arrayContaining([
          expect.objectContaining({ topic: 'newscience.article', behind: expect.anything() }),
        ]),
      }),
    });
  });

  it('has no dead letters on a healthy site, and says so', async () => {
    expect(await run(['dead', 'list'])).toMatchObject({ code: 0, err: '' });
    const { code, out } = await run(['dead', 'list', '--json']);
    expect({ code, told: JSON.parse(out) as unknown }).toMatchObject({
      code: 0,
      told: { items: [] },
    });
    expect((await run(['dead', 'audit', '--json'])).code).toBe(0);
  });
});

describe('npm run events refuses, and says why', () => {
  const why = ['--why', 'for a test'];
  it.each<[string, string[], number, RegExp]>([
    ['no command', [], 2, /Usage/],
    ['an unknown command', ['launch'], 2, /unknown command/i],
    ['a time that is none', ['tail', '--since', 'yesterday'], 2, /since/],
    ['a limit of nothing', ['tail', '--limit', '0'], 2, /limit/],
    ['a type that is no glob', ['tail', '--type', 'a b;c', '--limit', '1'], 1, /type/],
    ['an id without its service', ['dead', 'show', '12'], 2, /activity-service\/12/],
    ['an id of a service that is not there', ['dead', 'show', 'nobody/12'], 3, /nobody/],
    ['an id that climbs', ['dead', 'show', 'activity-service/../../lag'], 2, /id/],
    ['showing what is not there', ['dead', 'show', 'activity-service/987654321'], 1, /987654321/],
    [
      'discarding what is not there',
      ['dead', 'discard', 'activity-service/987654321', ...why],
      1,
      /987654321/,
    ],
    ['discarding without why', ['dead', 'discard', 'activity-service/1'], 2, /why/],
    ['no data folder', ['lag', '--data', '/nonexistent'], 3, /nonexistent/],
    ['no site', ['lag', '--url', 'http://127.0.0.1:1'], 3, /127\.0\.0\.1:1/],
    ['a service that is no address', ['lag', '--service', 'x=file:///etc/passwd'], 2, /service/],
    [
      'a service that does not answer',
      ['lag', '--service', 'x=http://127.0.0.1:1'],
      3,
      /127\.0\.0\.1:1|x/,
    ],
  ])('%s', async (_name, args, code, reason) => {
    const { code: got, out, err } = await run(args);
    expect({ code: got, out, err }).toMatchObject({ code, err: expect.stringMatching(reason) });
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('a refusal is one JSON object for a program', async () => {
    const { code, out } = await run(['dead', 'show', 'activity-service/987654321', '--json']);
    expect({ code, told: JSON.parse(out) as unknown }).toEqual({
      code: 1,
      told: { error: expect.objectContaining({ code: 'dead_letter_not_found' }) },
    });
  });

  it('readers, editors and strangers are turned away', async () => {
    const { email, password } = site.credentials.editor;
    for (const env of [
      { NEWSCIENCE_TOKEN: reader.token },
      { NEWSCIENCE_TOKEN: 'nonsense' },
      { NEWSCIENCE_EMAIL: email, NEWSCIENCE_PASSWORD: password },
      { NEWSCIENCE_EMAIL: email, NEWSCIENCE_PASSWORD: 'wrong wrong wrong' },
    ]) {
      for (const args of [['lag'], ['tail', '--limit', '1']]) {
        const told = await run(args, env);
        expect({ args, ...told }).toMatchObject({ code: 4, err: expect.stringMatching(/\S/) });
        expect(told.out.trim()).toBe('');
        expect(told.err).not.toContain(password);
      }
    }
  });
});
