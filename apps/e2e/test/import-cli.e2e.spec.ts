import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { apiClient } from './api.ts';
import { root, type StartedSite, startSite } from './site.ts';
import { type Outcome, start, startImport } from './support/command.ts';
import { bodyOf } from './support/newsroom.ts';
import { newReader, rareWord } from './support/people.ts';

/** A site of its own: thousands of articles would make the batch runs of all other journeys long. */
let site: StartedSite;
let anyone: ReturnType<typeof apiClient>;

beforeAll(async () => {
  site = await startSite();
  anyone = apiClient(site.url);
}, 150_000);

const folder = mkdtempSync(join(tmpdir(), 'newscience-import-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await site.stop();
}, 60_000);

const line = (id: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  title: `Title of ${id}`,
  author: 'Ada Author',
  authors: ['Ada Author', 'Bo Author'],
  publishedAt: '2015-03-04',
  topics: ['Physics'],
  section: 'Technology',
  body: `First paragraph of ${id}.\n\nSecond paragraph.`,
  summary: 'A summary.',
  licence: 'CC BY 4.0',
  licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
  source: 'Somewhere',
  url: 'https://example.org/x',
  type: 'News',
  bodyKind: 'full text',
  ...changes,
});

function fileOf(content: string | Uint8Array, name = `${rareWord()}.jsonl`): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const jsonl = (lines: object[]): string =>
  lines.map((entry) => `${JSON.stringify(entry)}\n`).join('');
const reportFile = join(folder, 'report.jsonl');
const run = (file: string, ...options: string[]): Promise<Outcome> =>
  startImport(site, [file, '--report', reportFile, ...options]).done;
const statusOf = async (id: string): Promise<number> =>
  (await anyone('GET', `/api/v1/articles/${id}`)).status;

type Rejection = {
  line: number;
  id?: string | null;
  faults: { pointer: string; problem: string }[];
};
const report = (): Rejection[] =>
  existsSync(reportFile)
    ? readFileSync(reportFile, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text) as Rejection)
    : [];

describe('npm run import', () => {
  it('brings lines in, a second run changes nothing and says so, a changed line updates', async () => {
    const id = rareWord();
    const file = fileOf(jsonl([line(id), line(`${id}-2`)]));
    const first = await run(file);
    expect(first).toMatchObject({ code: 0 });
    expect(first.out + first.err).toMatch(/2 (new|created)/i);
    expect((await anyone('GET', `/api/v1/articles/${id}`)).json).toMatchObject({
      title: `Title of ${id}`,
      authors: ['Ada Author', 'Bo Author'],
      publishedAt: '2015-03-04T00:00:00.000Z',
      section: { name: 'Technology' },
      licence: { name: 'CC BY 4.0' },
      source: { name: 'Somewhere', url: 'https://example.org/x' },
      status: 'published',
      revision: 1,
    });
    const second = await run(file);
    expect(second).toMatchObject({ code: 0 });
    expect(second.out + second.err).toMatch(/nothing (was )?(has )?changed|2 unchanged/i);
    expect((await anyone('GET', `/api/v1/articles/${id}`)).json).toMatchObject({ revision: 1 });
    writeFileSync(file, jsonl([line(id, { title: 'Better' }), line(`${id}-2`)]));
    expect((await run(file)).code).toBe(0);
    expect((await anyone('GET', `/api/v1/articles/${id}`)).json).toMatchObject({
      title: 'Better',
      revision: 2,
    });
    expect((await anyone('GET', `/api/v1/articles/${id}-2`)).json).toMatchObject({ revision: 1 });
  });

  it('of a dry run nothing stays', async () => {
    const id = rareWord();
    const { code, out, err } = await run(fileOf(jsonl([line(id)])), '--dry-run');
    expect({ code, said: out + err }).toEqual({
      code: 0,
      said: expect.stringMatching(/dry|check|nothing/i),
    });
    expect(await statusOf(id)).toBe(404);
  });

  const wrong: [string, Record<string, unknown>, string][] = [
    ['a date that is none', { publishedAt: '2015-02-30' }, 'publishedAt'],
    ['a date of another form', { publishedAt: '04.03.2015' }, 'publishedAt'],
    ['a date with a time', { publishedAt: '2015-03-04T00:00:00Z' }, 'publishedAt'],
    ['the year 0', { publishedAt: '0000-00-00' }, 'publishedAt'],
    ['no date', { publishedAt: undefined }, 'publishedAt'],
    ['HTML in the title', { title: 'A <b>bold</b> claim' }, 'title'],
    ['a script in the title', { title: '<script>alert(1)</script>' }, 'title'],
    ['an empty title', { title: '  ' }, 'title'],
    ['a title of 10,000 characters', { title: 'x'.repeat(10_000) }, 'title'],
    ['no body', { body: undefined }, 'body'],
    ['a body of more than 512 KB', { body: 'é'.repeat(262_145) }, 'body'],
    ['a NUL in the body', { body: 'a\u0000b' }, 'body'],
    ['no author', { authors: [], author: undefined }, 'author'],
    ['authors that are a number', { authors: 7, author: undefined }, 'author'],
    ['an id with a slash', { id: '../../etc/passwd' }, 'id'],
    ['an id that is a number', { id: 7 }, 'id'],
    ['no id', { id: undefined }, 'id'],
    ['an address that is a script', { url: 'javascript:alert(1)' }, 'url'],
    ['a licence address that is a script', { licenceUrl: 'javascript:alert(1)' }, 'licenceUrl'],
    ['topics that are a text', { topics: 'Physics' }, 'topics'],
  ];

  it('rejects wrong lines one by one, each with line, field and reason, and takes the good ones', async () => {
    const id = rareWord();
    const lines = [
      line(id),
      ...wrong.map(([, changes], at) => line(`${id}-${at}`, changes)),
      line(`${id}-last`),
    ];
    const { code, out, err } = await run(fileOf(jsonl(lines)));
    expect(code).toBe(1);
    expect(out + err).toMatch(new RegExp(`${wrong.length} (lines? )?(were )?rejected`, 'i'));
    const told = report();
    wrong.forEach(([what, , field], at) => {
      const found = told.find((entry) => entry.line === at + 2);
      expect({ what, found }).toEqual({ what, found: expect.objectContaining({ line: at + 2 }) });
      expect({ what, text: JSON.stringify(found) }).toEqual({
        what,
        text: expect.stringContaining(field),
      });
    });
    expect(told).toHaveLength(wrong.length);
    expect([await statusOf(id), await statusOf(`${id}-last`), await statusOf(`${id}-5`)]).toEqual([
      200, 200, 404,
    ]);
    expect((await run(fileOf(jsonl(lines)), '--allow-rejects')).code).toBe(0);
  });

  const broken: [string, (id: string) => Uint8Array, number][] = [
    ['no JSON', (id) => Buffer.from(`{"id": \n${jsonl([line(id)])}`), 1],
    ['a list', (id) => Buffer.from(`[1,2]\n${jsonl([line(id)])}`), 1],
    ['a text', (id) => Buffer.from(`"x"\n${jsonl([line(id)])}`), 1],
    ['200,000 levels', (id) => Buffer.from(`${'['.repeat(200_000)}\n${jsonl([line(id)])}`), 1],
    [
      'invalid UTF-8',
      (id) =>
        Buffer.concat([
          Buffer.from(
            jsonl([line(`${id}x`)])
              .replace('Title', 'T')
              .slice(0, 40),
          ),
          Buffer.from([0xff, 0xfe]),
          Buffer.from(`"}\n${jsonl([line(id)])}`),
        ]),
      1,
    ],
    [
      'a line of 50 MB',
      (id) =>
        Buffer.from(
          `${jsonl([line(`${id}x`, { body: 'x'.repeat(50_000_000) })])}${jsonl([line(id)])}`,
        ),
      1,
    ],
    [
      'the same id twice',
      (id) => Buffer.from(jsonl([line(id), line(id, { title: 'Second of its name' })])),
      2,
    ],
  ];

  it.each(broken)('%s: that line is reported, the rest is in', async (_what, content, at) => {
    const id = rareWord();
    const { code } = await run(fileOf(content(id)));
    expect(code).toBe(1);
    expect(report()).toEqual([expect.objectContaining({ line: at })]);
    expect((await anyone('GET', `/api/v1/articles/${id}`)).json).toMatchObject({
      title: `Title of ${id}`,
    });
  });

  it.each<[string, string | Uint8Array | undefined, number[]]>([
    ['a file that is not there', undefined, [2, 3]],
    ['an empty file', '', [0]],
    ['blank lines alone', '\n\n\n', [0]],
    [
      'a byte order mark and Windows line ends',
      `\ufeff${jsonl([line('bom-and-crlf')]).replaceAll('\n', '\r\n')}`,
      [0],
    ],
    ['a last line without an end', jsonl([line('no-line-end')]).trim(), [0]],
  ])('%s', async (_what, content, codes) => {
    const file = content === undefined ? join(folder, 'missing.jsonl') : fileOf(content);
    const { code, err } = await run(file);
    expect({ code, err }).toEqual({
      code: expect.any(Number),
      err: expect.not.stringMatching(/\n\s+at /),
    });
    expect(codes).toContain(code);
  });

  it('a gzip that is cut: all before the damage is in, and it is said', async () => {
    const id = rareWord();
    const lines = Array.from({ length: 300 }, (_, n) =>
      line(`${id}-${n}`, { body: `${rareWord()} `.repeat(200) }),
    );
    const whole = gzipSync(jsonl(lines));
    const { code, out, err } = await run(
      fileOf(whole.subarray(0, whole.length / 2), `${id}.jsonl.gz`),
    );
    expect(code).toBe(4);
    expect(out + err).toMatch(/damaged|truncated|cut|complete/i);
    expect(await statusOf(`${id}-0`)).toBe(200);
    expect(await statusOf(`${id}-299`)).toBe(404);
  });

  it('without a site, or as a reader, ends with what to do and can go on later', async () => {
    const id = rareWord();
    const file = fileOf(jsonl([line(id)]));
    const away = await run(file, '--url', 'http://127.0.0.1:1', '--retry-for', '0');
    expect(away).toMatchObject({ code: 3, err: expect.stringContaining('127.0.0.1:1') });
    const { token } = await newReader(site.url);
    const refused = await start(
      ['apps/monolith/src/import/main.ts', file, '--report', reportFile],
      {
        NEWSCIENCE_DATA: site.dataDir,
        NEWSCIENCE_TOKEN: token,
      },
    ).done;
    expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/editor|role|allowed/i) });
    expect(await statusOf(id)).toBe(404);
  });

  it('Ctrl-C in the middle, and the same command goes on to the end', async () => {
    const id = rareWord();
    const count = 700;
    const lines = Array.from({ length: count }, (_, n) =>
      line(`${id}-${n}`, { body: `${id} ${'word '.repeat(300)}` }),
    );
    const file = fileOf(jsonl(lines));
    const first = startImport(site, [file, '--report', reportFile]);
    await eventually(async () => expect(await statusOf(`${id}-0`)).toBe(200), { withinMs: 60_000 });
    first.interrupt();
    const stopped = await first.done;
    expect(stopped.code).toBe(3);
    expect(await statusOf(`${id}-${count - 1}`)).toBe(404);
    const second = await run(file, '--json');
    expect({ code: second.code, err: second.err.slice(-300) }).toMatchObject({ code: 0 });
    expect(JSON.parse(second.out)).toMatchObject({ lines: count, created: count, unchanged: 0 });
    for (const n of [0, 1, 350, count - 1]) expect(await statusOf(`${id}-${n}`)).toBe(200);
    expect((await anyone('GET', `/api/v1/articles/${id}-0`)).json).toMatchObject({ revision: 1 });
  }, 240_000);
});

const corpus = join(root, '..', 'shared', 'data', 'articles.jsonl.gz');
(existsSync(corpus) ? describe : describe.skip)('the 2,031 real articles of ../shared/data', () => {
  it('are all accepted; a second run says that nothing changed', async () => {
    const first = await run(corpus, '--json');
    expect({ code: first.code, out: first.out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('2031'),
    });
    const second = await run(corpus);
    expect(second.code).toBe(0);
    expect(second.out + second.err).toMatch(/nothing (was )?(has )?changed|2,?031 unchanged/i);
    for (const text of gunzipSync(readFileSync(corpus))
      .toString()
      .split('\n')
      .slice(0, 400)
      .filter((_, n) => n % 40 === 0)) {
      const { id, title, body } = JSON.parse(text) as { id: string; title: string; body: string };
      const kept = bodyOf<{ title: string; body: string }>(
        await anyone('GET', `/api/v1/articles/${encodeURIComponent(id)}`),
      );
      expect(kept).toMatchObject({ title, body });
    }
  }, 300_000);
});
